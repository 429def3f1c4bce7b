"""A server that acts as any number of Confluences: `python -m benchmarks.mass_server`, on all of 127.0.0.0/8.

Each address is a host of its own, ready for the app, and answers after a delay. It prints ``{"port": …}``; then reads
a JSON line from standard input, takes ``{"delay": seconds, "log": path or null}``, and answers with what it counted
since the line before: ``requests``, ``max_at_once`` (in flight, all hosts) and ``max_per_host``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections import Counter
from typing import TextIO

SO_BINDTODEVICE = 25  # Linux; the socket module names it from Python 3.11 on, but not everywhere

MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><manifest><id>9f2d636e-c842-3388-8a66-17c1b951dd45</id>'
    "<name>Wiki</name><typeId>confluence</typeId><version>9.2.1</version><buildNumber>9111</buildNumber>"
    "<applinksVersion>10.1.1</applinksVersion><publicSignup>false</publicSignup><url>{base}</url></manifest>"
)
INFO_LOGIN = '{{"title": "Wiki", "baseUrl": "{base}", "oauth": {{"clientId": "0123456789abcdef"}}}}'
LOGIN = (
    '<!DOCTYPE html><html><head><title>Log in</title><meta name="ajs-version-number" content="9.2.1">'
    '<meta name="ajs-base-url" content="{base}"><meta name="ajs-context-path" content=""></head>'
    '<body><form action="/dologin.action"></form></body></html>'
)
# end of the path: status, content type, body
ANSWERS = {
    "/manifest": ("200 OK", "application/xml", MANIFEST),
    "/info/login": ("200 OK", "application/json", INFO_LOGIN),
    "/status": ("200 OK", "application/json", '{{"state": "RUNNING"}}'),
    "/authorize": ("302 Found", "text/html", ""),
    "/token": ("400 Bad Request", "application/json", '{{"error": "invalid_grant"}}'),
    "/rest/api/user/current": ("401 Unauthorized", "application/json", '{{"message": "no", "status-code": 401}}'),
    "/login.action": ("200 OK", "text/html;charset=UTF-8", LOGIN),
}
NOT_FOUND = ("404 Not Found", "text/html", "<html><title>Not found</title></html>")


class Counters:
    """Counts since the last order, and the settings for the next responses."""

    delay = 0.0
    log: TextIO | None = None

    def __init__(self) -> None:
        self.requests = self.at_once = self.max_at_once = self.max_per_host = 0
        self.by_host: Counter[str] = Counter()

    def begin(self, host: str) -> None:
        self.requests += 1
        self.at_once += 1
        self.by_host[host] += 1
        self.max_at_once = max(self.max_at_once, self.at_once)
        self.max_per_host = max(self.max_per_host, self.by_host[host])

    def end(self, host: str) -> None:
        self.at_once -= 1
        self.by_host[host] -= 1
        if not self.by_host[host]:
            del self.by_host[host]

    def take(self) -> dict[str, int]:
        names = ("requests", "max_at_once", "max_per_host")
        counts = {name: getattr(self, name) for name in names}
        self.requests = self.max_at_once = self.max_per_host = 0
        return counts


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time, with bodies delimited by Content-Length."""

    def __init__(self, counters: Counters) -> None:
        self.counters = counters
        self.received = b""
        self.pending_hosts: list[str] = []  # hosts with a pending response

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer = transport.get_extra_info("peername")
        if not peer or not peer[0].startswith("127."):
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        for host in self.pending_hosts:
            self.counters.end(host)
        self.pending_hosts = []

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, rest = self.received.partition(b"\r\n\r\n")
            length = _length(head)
            if len(rest) < length:
                return
            self.received = rest[length:]
            self._handle(head.decode("latin-1"), rest[:length])

    def _handle(self, head: str, body: bytes) -> None:
        method, target, _version = head.partition("\r\n")[0].split(" ", 2)
        host = next((line[5:].strip() for line in head.split("\r\n") if line[:5].lower() == "host:"), "")
        if self.counters.log:
            self.counters.log.write(json.dumps([method, f"http://{host}{target}", body.decode("latin-1")]) + "\n")
        self.counters.begin(host)
        self.pending_hosts.append(host)
        response = _response(method, target, host)
        if self.counters.delay:
            asyncio.get_running_loop().call_later(self.counters.delay, self._respond, host, response)
        else:
            self._respond(host, response)

    def _respond(self, host: str, response: bytes) -> None:
        if host in self.pending_hosts:
            self.pending_hosts.remove(host)
            self.counters.end(host)
            self.transport.write(response)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


def _response(method: str, target: str, host: str) -> bytes:
    path = target.partition("?")[0]
    status, content_type, body = next((row for end, row in ANSWERS.items() if path.endswith(end)), NOT_FOUND)
    content = body.format(base=f"http://{host}").encode()
    more = f"Location: http://{host}/login.action?os_destination=%2F\r\n" if status.startswith("302") else ""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(content)}\r\n{more}\r\n"
    return head.encode() + (b"" if method == "HEAD" else content)


def listening() -> socket.socket:
    """Return a socket on all loopback addresses only: bound to the loopback device if the kernel allows it."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with contextlib.suppress(OSError):
        server.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"lo\0")
    server.bind(("0.0.0.0", 0))
    server.listen(4096)
    return server


def _configure(counters: Counters, order: dict[str, object]) -> None:
    counters.delay = float(str(order.get("delay", counters.delay)))
    if counters.log:
        counters.log.close()
    path = order.get("log")
    counters.log = open(str(path), "w") if path else None  # noqa: SIM115 - closed by the next order


async def serve() -> None:
    counters, loop = Counters(), asyncio.get_running_loop()
    sock = listening()
    server = await loop.create_server(lambda: Connection(counters), sock=sock)
    print(json.dumps({"port": sock.getsockname()[1]}), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _configure(counters, json.loads(line))
        print(json.dumps(counters.take()), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
