"""A load generator: flows over keep-alive connections in one thread, directly on sockets.

A flow is a generator for one unit of work, such as a refresh or an exchange: it yields the bytes of a request and
receives the ``Answer``. One process drives all connections, so that it costs little compared with what it measures.
"""

from __future__ import annotations

import functools
import re
import selectors
import socket
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlencode

Flow = Generator[bytes, "Answer", None]


class BrokenFlowError(Exception):
    """A response that makes a unit of work fail; the message quotes it."""


@dataclass(frozen=True)
class Answer:
    """A response. ``head`` is the status line and the headers as received."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Return the first header of this name, or an empty string."""
        match = _header_pattern(name).search(self.head)
        return match[1].decode("latin-1") if match else ""

    def headers(self, name: str) -> list[str]:
        return [value.decode("latin-1") for value in _header_pattern(name).findall(self.head)]


@functools.cache
def _header_pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\r\n" + re.escape(name.encode()) + rb":[ \t]*([^\r]*)", re.IGNORECASE)


@dataclass
class Result:
    """The result of a run: failed units with the first error, and the seconds of each completed unit."""

    elapsed: float = 0.0
    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    first_failure: str = ""

    @property
    def rate(self) -> float:
        """Units per second."""
        return len(self.seconds) / self.elapsed

    def percentile(self, number: int) -> float:
        """Return the milliseconds within which this percentage of the units was done."""
        return 1000 * quantiles(self.seconds, n=100)[number - 1] if len(self.seconds) > 1 else float("nan")


def request(method: str, path: str, headers: dict[str, str] | None = None, form: dict[str, str] | None = None) -> bytes:
    """The bytes of a request; ``form`` becomes its body."""
    body = urlencode(form).encode() if form is not None else b""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    if form is not None:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection:
    def __init__(self, port: int) -> None:
        self.port = port
        self.received = b""
        self.socket: socket.socket = self._open()
        self.flow: Flow | None = None
        self.started = 0.0

    def _open(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> Answer | None:
        """Return the response if complete, else None. Raises BrokenFlowError if the server closed the connection."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise BrokenFlowError("the connection was closed before the response was complete")
        self.received += chunk
        head, separator, rest = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        status = int(head[9:12])
        answer = Answer(status, head, b"")
        if status in {204, 304}:
            body: bytes | None = b""
        elif length := answer.header("Content-Length"):
            body = rest if len(rest) >= int(length) else None
        else:
            body = _unchunk(rest)
        if body is None:
            return None
        self.received = b""
        if answer.header("Connection").lower() == "close":
            self.reopen()
        return Answer(status, head, body)

    def reopen(self) -> None:
        self.received = b""
        self.socket.close()
        self.socket = self._open()


def _unchunk(data: bytes) -> bytes | None:
    """Return the body of a chunked response (RFC 9112 section 7.1), or None if chunks are missing."""
    body = b""
    while True:
        size, separator, data = data.partition(b"\r\n")
        if not separator:
            return None
        length = int(size, 16)
        if len(data) < length + 2:
            return None
        if not length:
            return body
        body, data = body + data[:length], data[length + 2 :]


def drive(
    port: int, starts: list[Callable[[], Flow | None]], *, seconds: float = 1e9, units: float = float("inf")
) -> Result:
    """Run flows on one connection for each of ``starts`` until the time or the number of units is reached.

    Each start returns the next flow of its connection, or None if there is no more work.
    """
    result, selector = Result(), selectors.DefaultSelector()
    started = time.perf_counter()
    deadline, open_units = started + seconds, 0

    def begin(connection: _Connection, start: Callable[[], Flow | None]) -> bool:
        nonlocal open_units
        if time.perf_counter() >= deadline or len(result.seconds) + result.failed + open_units >= units:
            return False
        connection.flow = start()
        if connection.flow is None:
            return False
        open_units += 1
        connection.started = time.perf_counter()
        connection.send(next(connection.flow))
        return True

    connections = [(_Connection(port), start) for start in starts]
    for pair in connections:
        if begin(*pair):
            selector.register(pair[0].socket, selectors.EVENT_READ, pair)
    while selector.get_map():
        for key, _mask in selector.select(30) or [(None, 0)]:
            if key is None:
                raise SystemExit("No response for 30 seconds.")
            connection, start = key.data
            try:
                answer = connection.read()
                if answer is None:
                    continue
                assert connection.flow
                connection.send(connection.flow.send(answer))
                if connection.socket is not key.fileobj:
                    selector.unregister(key.fileobj)
                    selector.register(connection.socket, selectors.EVENT_READ, key.data)
                continue
            except StopIteration:
                result.seconds.append(time.perf_counter() - connection.started)
            except BrokenFlowError as error:
                result.failed += 1
                result.first_failure = result.first_failure or str(error)
                connection.reopen()
            open_units -= 1
            selector.unregister(key.fileobj)
            if begin(connection, start):
                selector.register(connection.socket, selectors.EVENT_READ, key.data)
    result.elapsed = time.perf_counter() - started
    for connection, _start in connections:
        connection.socket.close()
    return result
