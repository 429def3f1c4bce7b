"""nginx for tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from .servers import free_port

TEMP_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextlib.contextmanager
def nginx(directory: Path, server: str, *, listen: str = "") -> Iterator[int]:
    """Run nginx with one server block and yield its port. ``listen``: parameters after the address, such as ``ssl``."""
    port = free_port()
    with run_nginx(directory, f"server {{ listen 127.0.0.1:{port} {listen}; {server} }}", port):
        yield port


@contextlib.contextmanager
def run_nginx(directory: Path, http: str, port: int) -> Iterator[None]:
    """Run nginx in ``directory`` with this content of the http block, until it listens on the port."""
    executable = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert executable, "nginx is missing. On Debian: apt-get install nginx."
    temporary = " ".join(f"{kind}_temp_path {directory}/{kind};" for kind in TEMP_PATHS)
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "nginx.conf").write_text(
        f"{user} daemon off; pid {directory}/nginx.pid; worker_processes 1; "
        f"error_log {directory}/error.log; events {{}} http {{ access_log off; {temporary}\n{http}\n}}"
    )
    process = subprocess.Popen([executable, "-p", str(directory), "-c", str(directory / "nginx.conf")])
    try:
        for _attempt in range(100):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            assert process.poll() is None, (directory / "error.log").read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)
