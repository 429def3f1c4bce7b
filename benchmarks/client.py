"""CPU time of one request of the guarded HTTP client, compared with a lower bound in the same process.

The requests are those of a check: eight to each site over one kept-alive connection, many sites at once, from a server
in a process of its own whose responses have the headers of a Confluence behind a proxy. The lower bound sends the same
bytes over asyncio connections and looks for the end of each response, without a parser, checks or evidence. Both are
measured in turn, over HTTP, and over HTTPS with a handshake for each site.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rollout.http_client.client import visit
from rollout.http_client.policy import FetchPolicy

SITES, AT_ONCE, ROUNDS = 100, 25, 5
HOST = "wiki.test"
PAGE = "<!DOCTYPE html><html><head><title>Log In</title>" + '<meta name="ajs-version-number" content="9.2.1">' * 80
REQUESTS: tuple[tuple[str, str, dict[str, str] | None], ...] = (
    ("GET", "/rest/applinks/1.0/manifest", None),
    ("GET", "/rest/nativemobile/1.1/info/login", None),
    ("GET", "/rest/nativemobile/1.1/info/login?plain", None),
    ("GET", "/rest/oauth2/latest/authorize?response_type=code&client_id=0123456789abcdef&state=abcdefgh", None),
    ("POST", "/rest/oauth2/latest/token", {"grant_type": "authorization_code", "code": "invalid", "client_id": "a"}),
    ("GET", "/login.action", None),
    ("GET", "/rest/oauth2/latest/.well-known", None),
    ("GET", "/status", None),
)
BODIES = {
    "manifest": ("200 OK", "application/xml", "<manifest><id>9f2d636e</id><typeId>confluence</typeId></manifest>" * 6),
    "login": ("200 OK", "application/json", json.dumps({"title": "Wiki", "oauth": {"clientId": "0123456789abcdef"}})),
    "authorize": ("302 Found", "text/html", ""),
    "token": ("400 Bad Request", "application/json", json.dumps({"error": "invalid_grant"})),
    "login.action": ("200 OK", "text/html;charset=UTF-8", PAGE),
    ".well-known": ("404 Not Found", "text/html;charset=UTF-8", PAGE[:1200]),
    "status": ("200 OK", "application/json", json.dumps({"state": "RUNNING"})),
}
HEADERS = (
    "Server: nginx\r\nDate: Sun, 01 Mar 2026 12:00:00 GMT\r\nConnection: keep-alive\r\nVary: User-Agent\r\n"
    "X-ASEN: SEN-L1234567\r\nX-Confluence-Request-Time: 1764374400000\r\nX-XSS-Protection: 1; mode=block\r\n"
    "X-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\n"
    "Content-Security-Policy: frame-ancestors 'self'\r\nReferrer-Policy: strict-origin-when-cross-origin\r\n"
    "Set-Cookie: JSESSIONID=0123456789ABCDEF0123456789ABCDEF; Path=/; Secure; HttpOnly\r\n"
)
MAX_RATIO = {"http": 8.5, "https": 4.5}


class Responder(asyncio.Protocol):
    """Sends each request's response at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        path = data.split(b" ", 2)[1].partition(b"?")[0].decode()
        self.transport.write(response(path.rpartition("/")[2]))


def response(name: str) -> bytes:
    status, content_type, body = BODIES[name]
    more = "Location: /login.action?os_destination=%2F\r\n" if status.startswith("302") else ""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{HEADERS}{more}\r\n"
    return (head + body).encode()


async def serve(directory: Path) -> None:
    """Print the ports of an HTTP and an HTTPS server, and serve until standard input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "chain.pem", directory / "key.pem")
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Responder, "127.0.0.1", 0, ssl=use, backlog=500) for use in (None, context)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


class Floor(asyncio.Protocol):
    """Sends the requests of one site, and resolves ``done`` after the last response."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests, self.received = iter(requests), b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        start = self.received.find(b"Content-Length: ", 0, end)
        length = int(self.received[start + 16 : self.received.find(b"\r\n", start)]) if end > 0 else 0
        if end < 0 or len(self.received) < end + 4 + length:
            return
        self.received = b""
        request = next(self.requests, None)
        if request is not None:
            self.transport.write(request)
            return
        self.transport.abort()
        self.done.set_result(None)


def client_requests(scheme: str, port: int, root: str) -> Callable[[], Awaitable[None]]:
    policy = FetchPolicy(
        allow_loopback=True, plain_http=True, resolver=lambda host, port: ["127.0.0.1"],
        ssl_context=trusting(root), total_seconds=60, connect_seconds=60,
    )  # fmt: skip
    base = f"{scheme}://{HOST if scheme == 'https' else '127.0.0.1'}:{port}"

    async def site() -> None:
        async with visit(policy) as one:
            for method, path, form in REQUESTS:
                reply = await one.fetch(method, base + path, form=form)
                assert reply.status is not None, reply

    return site


def floor_requests(scheme: str, port: int, root: str) -> Callable[[], Awaitable[None]]:
    head = f"Host: {HOST}:{port}\r\nUser-Agent: Gatepass\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n"
    requests = [
        f"{method} {path} HTTP/1.1\r\n{head}".encode() + (b"Content-Length: 3\r\n\r\na=b" if form else b"\r\n")
        for method, path, form in REQUESTS
    ]
    context = trusting(root) if scheme == "https" else None

    async def site() -> None:
        loop = asyncio.get_running_loop()
        name = HOST if context else None
        _transport, floor = await loop.create_connection(
            lambda: Floor(requests), "127.0.0.1", port, ssl=context, server_hostname=name
        )
        await floor.done

    return site


def trusting(root: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=root)
    return context


async def microseconds(site: Callable[[], Awaitable[None]]) -> float:
    """Return the CPU time of this process per request, ``AT_ONCE`` sites at once."""
    left = iter(range(SITES))

    async def worker() -> None:
        for _site in left:
            await site()

    started = time.process_time()
    await asyncio.gather(*(worker() for _worker in range(AT_ONCE)))
    return (time.process_time() - started) / (SITES * len(REQUESTS)) * 1e6


def measure(scheme: str, port: int, root: str) -> tuple[float, float]:
    """Return the medians of the client and of the lower bound, measured in turn."""
    client, floor = client_requests(scheme, port, root), floor_requests(scheme, port, root)
    rounds = [(asyncio.run(microseconds(client)), asyncio.run(microseconds(floor))) for _round in range(ROUNDS + 1)]
    return statistics.median(row[0] for row in rounds[1:]), statistics.median(row[1] for row in rounds[1:])


def main() -> bool:
    """Print the table; return whether both goals were met."""
    from tests.support.tls_servers import issue

    authority = issue("Example root", is_authority=True)
    own = issue(HOST, authority)
    print(f"{'client':<34}{'measured':>34}{'ratio':>10}{'goal':>8}")
    with tempfile.TemporaryDirectory() as name:
        Path(name, "chain.pem").write_text(own.pem)
        Path(name, "key.pem").write_text(own.key_pem)
        command = [sys.executable, "-m", "benchmarks.client", name]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdin
            assert server.stdout
            try:
                ports = json.loads(server.stdout.readline())
                rows = [
                    (scheme, *measure(scheme, port, authority.pem))
                    for scheme, port in zip(MAX_RATIO, ports, strict=True)
                ]
            finally:
                server.stdin.close()
    for scheme, client, floor in rows:
        ratio, goal = client / floor, MAX_RATIO[scheme]
        measured = f"{client:.0f} µs / lower bound {floor:.0f} µs"
        missed = "" if ratio <= goal else "  missed"
        print(f"{f'CPU of a request, {scheme}':<34}{measured:>34}{ratio:>10.2f}{goal:>8.1f}{missed}")
    return all(client / floor <= MAX_RATIO[scheme] for scheme, client, floor in rows)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(Path(sys.argv[1])))
