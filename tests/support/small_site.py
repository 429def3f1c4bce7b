"""A server with a few fixed responses, for tests of how a site's addresses hang together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Response = tuple[int, dict[str, str], str]  # status, headers, body
MANIFEST_PATH = "/rest/applinks/1.0/manifest"


class SmallSite(ThreadingHTTPServer):
    """``responses`` by path, 404 for every other one. ``requests`` are the paths that were requested."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.responses: dict[str, Response] = {}
        self.requests: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.origin = f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Answer no request before the end of the block."""
        self.may_answer.clear()
        try:
            yield
        finally:
            self.may_answer.set()

    def redirect(self, path: str, to: str) -> None:
        self.responses[path] = (302, {"Location": to}, "")

    def confluence(self, path: str, *, own: str, name: str = "Product Wiki", version: str = "9.3.1") -> None:
        """Serve a manifest below the context path, with the site's own base URL."""
        fields = {"name": name, "typeId": "confluence", "version": version, "url": own}
        body = "".join(f"<{tag}>{value}</{tag}>" for tag, value in fields.items())
        self.responses[path + MANIFEST_PATH] = (
            200,
            {"Content-Type": "application/xml"},
            f"<manifest>{body}</manifest>",
        )


class _Handler(BaseHTTPRequestHandler):
    server: SmallSite

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        self.server.may_answer.wait(30)
        status, headers, body = self.server.responses.get(self.path, (404, {"Content-Type": "text/html"}, "not found"))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def small_site() -> Iterator[SmallSite]:
    """A running server without responses."""
    with SmallSite() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
