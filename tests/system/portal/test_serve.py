"""`manage.py serve`, as the image starts it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.servers import free_port


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def test_the_command_of_the_image_serves_and_stops(tmp_path: Path) -> None:
    found = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    command, port = json.loads(found[1]), free_port()
    assert command == ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
    environment = {
        "PATH": os.environ["PATH"],
        "STATE_DIR": str(tmp_path),
        "SECRET_KEY": "a-key-for-this-test-only-4c1f0e5d3b7a92466c0d",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    arguments = [*command[1:3], "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + 60
        status = 0
        while not status:
            assert process.poll() is None
            assert time.monotonic() < deadline
            with contextlib.suppress(OSError):
                status = get(port, "/healthz")
            time.sleep(0.1)
        assert status == 200
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
