"""A small HTTP server: requests of limited size, response headers, connections."""

from __future__ import annotations

import asyncio
import socket  # noqa: TID251 - listens only
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

MAX_BODY = 65536
METHODS = ("GET", "POST")


class RefusedError(Exception):
    """The request gets a response with this ``status`` only."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Request:
    """A request. Header names are in lower case; ``keep_alive`` is whether another request may follow."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str
    keep_alive: bool


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read the next request; None at the end of the connection. Raises RefusedError."""
    try:
        first = await reader.readexactly(1)
        if not first.isalpha():  # TLS on a port without TLS, which a real server rejects at once
            raise RefusedError(400)
        raw = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise RefusedError(431) from error
    line, *lines = raw.rstrip("\r\n").split("\r\n")
    method, _, rest = line.partition(" ")
    target, _, version = rest.rpartition(" ")
    if not target.startswith("/") or version not in ("HTTP/1.0", "HTTP/1.1"):
        raise RefusedError(400)
    if method not in METHODS:
        raise RefusedError(501)
    headers = {name.strip().lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal() or int(length) > MAX_BODY:
        raise RefusedError(413)
    body = (await reader.readexactly(int(length))).decode("utf-8", "replace")
    keep_alive = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return Request(method, target, headers, body, keep_alive)


def head(status: int, headers: Mapping[str, str], *, version: str = "1.1") -> bytes:
    """Return the status line and headers, including the empty line."""
    reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    lines = [f"HTTP/{version} {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Connection:
    """The writing end of a connection; a ``simulated_site.Wire``."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """Reset the connection (RST) instead of closing it."""
        connected: socket.socket = self._writer.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
