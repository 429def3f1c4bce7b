"""Servers on loopback that respond with raw bytes, valid or hostile."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from rollout.http_client.client import fetch
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.reply import Reply

Respond = Callable[[bytes, "socketserver.StreamRequestHandler"], bytes | None]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class RawServer:
    """``respond(request, handler)`` receives the request as bytes and returns the response, or writes it itself."""

    def __init__(self, respond: Respond, host: str = "127.0.0.1") -> None:
        self.requests: list[bytes] = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 10

            def handle(self) -> None:
                request = b""
                while not request.endswith(b"\r\n\r\n"):
                    line = self.rfile.readline(70000)
                    if not line:
                        return
                    request += line
                length = next(
                    (int(x.split(b":")[1]) for x in request.lower().split(b"\r\n") if x.startswith(b"content-length:")),
                    0,
                )
                request += self.rfile.read(length)
                outer.requests.append(request)
                try:
                    answer = respond(request, self)
                    if answer is not None:
                        self.wfile.write(answer)
                except OSError:
                    pass

        self._server = socketserver.ThreadingTCPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Return a complete HTTP response; underscores in header names become hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@pytest.fixture
def serve() -> Iterator[Callable[[Respond | bytes], RawServer]]:
    servers: list[RawServer] = []

    def start(respond: Respond | bytes, host: str = "127.0.0.1") -> RawServer:
        function = respond if callable(respond) else (lambda request, handler: respond)
        servers.append(RawServer(function, host))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def make_answer() -> Callable[..., bytes]:
    return answer


@pytest.fixture
def policy() -> FetchPolicy:
    return FetchPolicy(allow_loopback=True, connect_seconds=1, total_seconds=2)


@pytest.fixture
def get(policy: FetchPolicy) -> Callable[..., Reply]:
    """``get(url, method=…, policy=…, **options)``: one request with the guarded HTTP client."""

    def call(url: str, *, method: str = "GET", policy: FetchPolicy = policy, **options: object) -> Reply:
        return asyncio.run(fetch(policy, method, url, **options))

    return call


@pytest.fixture
def now() -> Callable[[], datetime]:
    return lambda: NOW
