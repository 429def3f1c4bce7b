"""One HTTP/1.1 request and response over an open connection, within limits, parsed by h11."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import h11  # noqa: TID251 - part of the guarded client

from .byte_stream import ByteStream, ConnectionLostError
from .decoding import Body, TooLargeError, UndecodableError

MAX_HEADERS = 150
MAX_HEADER_BYTES = 65_536
MAX_INTERIM = 10
# A body may have this many chunks, and one more for so many bytes of its limit. Each takes about as long as a header.
MIN_CHUNKS, BYTES_PER_CHUNK = 1_000, 16
CHUNKS_AT_ONCE = 100
_END = h11.EndOfMessage()
# h11 validates every header of a request again. It needs only the method, to know how the response is framed, so it
# gets one of these, and the request is written here.
_METHODS = {
    method: h11.Request(method=method, target="*", headers=[("Host", "")])
    for method in ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
}


class LimitError(Exception):
    """The response exceeds a limit, or the request cannot be sent."""


class NoResponseError(Exception):
    """The connection ended before the first byte of a response; caused by ConnectionLostError if it broke."""


class Http2OnlyError(Exception):
    """The server responded to HTTP/1.1 with frames of HTTP/2."""


@dataclass
class RawResponse:
    """A response as received, with its body decompressed and the names of its headers in lower case."""

    status: int
    header_pairs: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    @cached_property
    def headers(self) -> dict[str, str]:
        """The last value of each header."""
        return dict(self.header_pairs)


async def send_request(
    stream: ByteStream,
    http: h11.Connection | None,
    *,
    method: str,
    target: str,
    headers: Sequence[tuple[bytes, bytes]],
    content: bytes = b"",
    limit: int = 0,
) -> tuple[h11.Connection | None, RawResponse]:
    """Return the response and the protocol state for another request; None if the connection cannot be reused.

    ``headers`` are sent as they are, and state the length of ``content``. Raises OSError, h11.ProtocolError and the
    exceptions here and in ``decoding``.
    """
    http = http or h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
    head = _head(method, target, headers)
    http.send(_METHODS[method])
    http.send(_END)
    stream.send(head + content)
    raw = await _read_head(stream, http)
    if method == "CONNECT":  # anything after this belongs to the tunnel, or is an error body that is not needed
        return None, raw
    raw.body = await _read_body(stream, http, raw, limit)
    if http.our_state is not h11.DONE or http.their_state is not h11.DONE or http.trailing_data[0]:
        return None, raw
    http.start_next_cycle()
    return http, raw


def _head(method: str, target: str, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the request line and headers. Raises LimitError for a line break in one of them."""
    lines = [f"{method} {target} HTTP/1.1".encode("ascii"), *[name + b": " + value for name, value in headers]]
    head = b"\r\n".join(lines)
    if not head.count(b"\r") == head.count(b"\n") == len(lines) - 1 or b"\0" in head:
        raise LimitError("a header of the request contains a line break")
    return head + b"\r\n\r\n"


async def _read_head(stream: ByteStream, http: h11.Connection) -> RawResponse:
    http.receive_data(await _first_bytes(stream))
    for _interim in range(MAX_INTERIM):
        while (event := http.next_event()) is h11.NEED_DATA:
            http.receive_data(await stream.read())
        if isinstance(event, h11.Response):
            pairs = event.headers.raw_items()
            if len(pairs) > MAX_HEADERS:
                raise LimitError("too many headers")
            decoded = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in pairs]
            return RawResponse(event.status_code, tuple(decoded))
        if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
            raise LimitError("unexpected protocol switch")
    raise LimitError("too many interim responses")


async def _first_bytes(stream: ByteStream) -> bytes:
    try:
        data = await stream.read()
    except ConnectionLostError as error:
        raise NoResponseError("the connection was reset before a response") from error
    if not data:
        raise NoResponseError("the connection was closed without a response")
    if _is_http2(data):
        raise Http2OnlyError("the response is an HTTP/2 frame")
    return data


def _is_http2(data: bytes) -> bool:
    """Whether this starts with a SETTINGS or GOAWAY frame on stream 0 (RFC 9113 sections 4.1, 6.5 and 6.8)."""
    return len(data) >= 9 and data[:1] == b"\0" and data[3] in (4, 7) and data[5:9] == bytes(4)


async def _read_body(stream: ByteStream, http: h11.Connection, raw: RawResponse, limit: int) -> bytes:
    encoding = ""
    if "content-encoding" in raw.headers:
        encoding = ",".join([value for name, value in raw.header_pairs if name == "content-encoding"])
    body = Body(encoding, limit=limit)
    chunks, framed = 0, 0
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            data = await stream.read()
            framed += len(data)
            if framed > 2 * limit + MAX_HEADER_BYTES:  # chunk headers and trailers count too
                raise TooLargeError("too many bytes around the body")
            http.receive_data(data)
        elif isinstance(event, h11.Data):
            body.add(bytes(event.data))
            chunks += event.chunk_start
            if chunks > MIN_CHUNKS + limit // BYTES_PER_CHUNK:
                raise TooLargeError("too many chunks")
            if chunks % CHUNKS_AT_ONCE == 0 and event.chunk_start:
                await asyncio.sleep(0)  # a read may hold tens of thousands: other requests come first
        elif isinstance(event, h11.EndOfMessage):
            return body.finish()
        else:
            raise UndecodableError("incomplete response")
