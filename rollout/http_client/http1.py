"""One HTTP/1.1 request and response over an open connection, within limits, parsed and written by h11."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import h11  # noqa: TID251 - part of the guarded client

from .byte_stream import ByteStream, ConnectionLostError
from .decoding import Body, UndecodableError

MAX_HEADERS = 150
MAX_HEADER_BYTES = 65_536
MAX_INTERIM = 10
_END = h11.EndOfMessage()


class LimitError(Exception):
    """The response exceeds a limit."""


class NoResponseError(Exception):
    """The connection ended before the first byte of a response; caused by ConnectionLostError if it broke."""


class Http2OnlyError(Exception):
    """The server responded to HTTP/1.1 with frames of HTTP/2."""


@dataclass
class RawResponse:
    """A response as received, with its body decompressed."""

    status: int
    header_pairs: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Return the last value of a header, named in lower case."""
        return next((value for key, value in reversed(self.header_pairs) if key.lower() == name), None)


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

    Raises OSError, h11.ProtocolError and the exceptions here and in ``decoding``.
    """
    http = http or h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
    request = http.send(h11.Request(method=method, target=target, headers=list(headers))) or b""
    if content:
        request += http.send(h11.Data(content)) or b""
    stream.send(request + (http.send(_END) or b""))
    raw = await _read_head(stream, http)
    if method == "CONNECT":  # anything after this belongs to the tunnel, or is an error body that is not needed
        return None, raw
    raw.body = await _read_body(stream, http, raw, limit)
    if http.our_state is not h11.DONE or http.their_state is not h11.DONE or http.trailing_data[0]:
        return None, raw
    http.start_next_cycle()
    return http, raw


async def _read_head(stream: ByteStream, http: h11.Connection) -> RawResponse:
    http.receive_data(await _first_bytes(stream))
    for _interim in range(MAX_INTERIM):
        while (event := http.next_event()) is h11.NEED_DATA:
            http.receive_data(await stream.read())
        if isinstance(event, h11.Response):
            pairs = event.headers.raw_items()
            if len(pairs) > MAX_HEADERS:
                raise LimitError("too many headers")
            return RawResponse(event.status_code, tuple((_decode(name), _decode(value)) for name, value in pairs))
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
    encodings = [value for name, value in raw.header_pairs if name.lower() == "content-encoding"]
    body = Body(",".join(encodings), limit=limit)
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await stream.read())
        elif isinstance(event, h11.Data):
            body.add(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            return body.finish()
        else:
            raise UndecodableError("incomplete response")


def _decode(raw: bytes) -> str:
    return raw.decode("latin-1")
