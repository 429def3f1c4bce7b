"""The documented front: nginx with the repository's configuration, TLS, and two web processes behind it."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .nginx import run_nginx
from .paths import ROOT
from .servers import free_port
from .tls_servers import issue

TEMPLATE = ROOT / "deploy" / "nginx.conf.template"
SIGN_IN = """
import django; django.setup()
from django.test import Client
from portal.accounts.session_limits import begin
from portal.models import User
client = Client()
client.force_login(User.objects.create_superuser("administrator@example.com"))
session = client.session
begin(session)
session.save()
print(session.session_key)
"""


@dataclass
class Front:
    """``port`` is nginx's, ``web_ports`` are those of the web processes."""

    directory: Path
    port: int
    web_ports: list[int]
    environment: dict[str, str]
    tls: ssl.SSLContext

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    def connect(self, timeout: float = 20) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=self.tls)

    def send(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Return status, headers and body. Underscores in the names of headers stand for hyphens."""
        with contextlib.closing(self.connect()) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def python(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, text=True, stdout=subprocess.PIPE
        ).stdout.strip()

    def web_log(self) -> str:
        return "".join(file.read_text() for file in sorted(self.directory.glob("web-*.log")))

    def nginx_log(self) -> str:
        return (self.directory / "error.log").read_text()


def configuration(directory: Path, port: int, web_ports: list[int], text: str) -> str:
    """Return nginx's configuration for this machine. Every changed line must be in the template as documented."""
    one, two = (f"server 127.0.0.1:{web} max_fails=0;" for web in web_ports)
    for old, new in {
        "server ${GATEPASS_WEB} max_fails=0;": f"{one}\n    {two}",
        "${GATEPASS_HOST}": "localhost",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/nginx/tls": str(directory),
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    assert "${" not in re.sub(r"^ *#.*$", "", text, flags=re.MULTILINE)
    return text


@contextlib.contextmanager
def front(directory: Path) -> Iterator[Front]:
    """Run the front with its own SQLite database in ``directory``."""
    port, web_ports = free_port(), [free_port(), free_port()]
    authority = issue("Front", is_authority=True)
    server = issue("localhost", authority, names=("localhost",))
    (directory / "gatepass.crt").write_text(server.pem)
    (directory / "gatepass.key").write_text(server.key_pem)
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "STATE_DIR": str(directory),
        "SECRET_KEY": "a-key-for-this-test-only-4c1f0e5d3b7a92466c0d",
        "PUBLIC_URL": f"https://localhost:{port}",
        "BEHIND_PROXY": "1",
        "TRUSTED_PROXIES": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
    }
    running = Front(directory, port, web_ports, environment, ssl.create_default_context(cadata=authority.pem))
    for folder in ("broker", "cache"):
        (directory / folder).mkdir()
    running.python("manage.py", "migrate", "--no-input", "--verbosity", "0")
    running.python("manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    text = configuration(directory, port, web_ports, TEMPLATE.read_text())
    with contextlib.ExitStack() as stack:
        for web_port in web_ports:
            stack.enter_context(_web(running, web_port))
        stack.enter_context(run_nginx(directory, text, port))
        _wait(running)
        yield running


@contextlib.contextmanager
def _web(running: Front, port: int) -> Iterator[None]:
    with (running.directory / f"web-{port}.log").open("wb") as output:
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=running.environment, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(running: Front) -> None:
    deadline = time.monotonic() + 60
    for port in running.web_ports:
        while True:
            with (
                contextlib.suppress(OSError),
                contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection,
            ):
                connection.request("GET", "/healthz", headers={"Host": running.host})
                if connection.getresponse().status == 200:
                    break
            assert time.monotonic() < deadline, running.web_log()
            time.sleep(0.1)
