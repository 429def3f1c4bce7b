"""HTTP on the fleet's side: a request read within bounds, an answer's head, and the connection they go through."""

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
    """The request is answered with ``status`` and nothing else."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Request:
    """``headers`` have names in lower case; ``keeps`` says whether another request may follow."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str
    keeps: bool


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request; None at the end of the connection. Raises RefusedError."""
    try:
        first = await reader.readexactly(1)
        if not first.isalpha():  # TLS spoken to a port without it: a real server says so at once
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
    keeps = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return Request(method, target, headers, body, keeps)


def head(status: int, headers: Mapping[str, str], *, version: str = "1.1") -> bytes:
    """A status line and headers, up to the empty line."""
    reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    lines = [f"HTTP/{version} {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Connection:
    """The writing end of one connection, a ``persona.Wire``."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """Ends the connection by a reset (RST) in place of an orderly close."""
        connected: socket.socket = self._writer.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
