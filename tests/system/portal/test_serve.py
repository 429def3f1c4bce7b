"""`manage.py serve`, as the image starts it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.serving.local_ports import port_is_free
from tests.support.paths import ROOT
from tests.support.servers import free_port

PATIENCE = 60  # seconds until a server responds on a busy machine


class Server:
    """A `serve` process with its own state directory and port."""

    def __init__(self, state: Path, *options: str) -> None:
        self.port, self.options, self.errors = free_port(), options, state.with_suffix(".errors")
        self.environment = {
            "PATH": os.environ["PATH"],
            "STATE_DIR": str(state),
            "TMPDIR": str(state.parent),
            "SECRET_KEY": "a-key-for-this-test-only-4c1f0e5d3b7a92466c0d",
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "serve", "--host", "127.0.0.1", "--port", str(self.port), *self.options]
        with self.errors.open("w") as errors:  # a pipe would be held open by workers that are left behind
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stderr=errors)

    def send(self, method: str, path: str) -> tuple[int, str]:
        """Return the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def responds(self) -> bool:
        with contextlib.suppress(OSError):
            return self.send("GET", "/healthz")[0] == 200
        return False


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """``serve(name, *options)`` starts a server and waits until it responds."""
    servers: list[Server] = []

    def start(name: str, *options: str) -> Server:
        servers.append(Server(tmp_path / name, *options))
        until(servers[-1].responds)
        return servers[-1]

    yield start
    for server in servers:
        server.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.process.wait(10)
        server.process.kill()
        server.process.wait()


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_command_of_the_image_serves_and_stops(serve: Callable[..., Server]) -> None:
    found = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    assert json.loads(found[1]) == ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
    server = serve("one")
    server.process.terminate()
    assert server.process.wait(20) == 0


def test_a_killed_server_ends_its_workers_and_no_others(serve: Callable[..., Server]) -> None:
    """Two installations on one machine; the main process of one is killed, and starts again on the same port."""
    killed, other = serve("killed", "--processes", "2"), serve("other")
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait(5)
    until(lambda: port_is_free(killed.port), 5)
    assert other.responds()

    killed.process = killed.start()
    until(killed.responds)
    assert other.responds()
    assert other.process.poll() is None


def test_a_port_in_use_is_named(serve: Callable[..., Server]) -> None:
    """Granian itself would share it: each of two installations would get half of the requests."""
    server = serve("one")
    second = server.start()
    assert second.wait(PATIENCE) == 1
    assert f"Port {server.port} of 127.0.0.1 is in use or not permitted." in server.errors.read_text()
    assert "Traceback" not in server.errors.read_text()


def test_each_process_returns_the_counters_of_all(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Those of the middleware stack, and of the fast path, which queues them."""
    server = serve("one", "--processes", "2")
    for _ in range(30):
        server.send("GET", "/healthz")
        server.send("POST", "/rest/oauth2/latest/token")
    time.sleep(2)  # the fast path writes its counts every second
    scrapes = [server.send("GET", "/metrics")[1] for _ in range(8)]
    processes = {name.split("_")[1] for name in os.listdir(next(tmp_path.glob("gatepass-metrics-*")))}
    for view, method in (("healthz", "GET"), ("oauth2_provider:token", "POST")):
        name = "django_http_requests_total_by_view_transport_method_total"
        pattern = rf'^{name}\{{.*method="{method}".*view="{view}"\}} (\S+)'
        counts = {float(re.search(pattern, text, re.M)[1]) for text in scrapes}  # type: ignore[index]
        assert len(counts) == 1, view
        assert counts.pop() >= 30
    assert len(processes) == 2
    assert "gatepass_database_up" in scrapes[0]
