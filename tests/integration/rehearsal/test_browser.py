"""Cookies and redirects of the minimal browser, against a real server."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rollout.http_client.policy import FetchPolicy
from rollout.rehearsal.browser import Browser
from rollout.rehearsal.recorder import RecordingClient

SET = {
    "/set": ["a=1; Path=/", 'q="quoted value"; Path=/', "deep=2; Path=/deep", "safe=3; Path=/; Secure", "broken", "=x"],
    "/unset": ["a=; Path=/; Max-Age=0"],
    "/many": [f"c{n}=1; Path=/" for n in range(140)],
}


@pytest.fixture
def site():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("Cookie")))
            self.send_response(302 if self.path == "/loop" else 200)
            for cookie in SET.get(self.path, []):
                self.send_header("Set-Cookie", cookie)
            if self.path == "/loop":
                self.send_header("Location", "/loop")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    seen: list[tuple[str, str | None]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", seen
    server.shutdown()
    server.server_close()


def _visit(origin: str, *paths: str):
    async def visit():
        client = RecordingClient(
            FetchPolicy(allow_loopback=True), lambda: datetime(2026, 3, 1, tzinfo=UTC), time.monotonic() + 20
        )
        browser = Browser(client)
        return [await browser.open(origin + path) for path in paths]

    return asyncio.run(visit())


def test_cookies_are_sent_to_matching_paths(site) -> None:
    origin, seen = site
    _visit(origin, "/set", "/", "/deep/er", "/deeper", "/unset", "/")
    sent = [cookie for _, cookie in seen]
    assert sent[0] is None
    assert sent[1] == 'a=1; q="quoted value"'
    assert sent[2] == 'a=1; q="quoted value"; deep=2'
    assert sent[3] == sent[1]
    assert sent[5] == 'q="quoted value"'


def test_the_number_of_cookies_is_limited(site) -> None:
    origin, seen = site
    _visit(origin, "/many", "/")
    assert len(seen[1][1].split(";")) == 50


def test_a_redirect_loop_ends(site) -> None:
    origin, seen = site
    (reply,) = _visit(origin, "/loop")
    assert reply.status == 302
    assert len(seen) == 11
