"""Decompresses a body, never beyond the limit."""

from __future__ import annotations

import zlib

MAX_LAYERS = 3


class TooLargeError(Exception):
    """The body is larger than the limit, before or after decompression."""


class UndecodableError(Exception):
    """The body is not encoded as its headers state, or in an encoding that was not requested."""


class Body:
    """Collects a body of at most ``limit`` bytes. Raises the two exceptions above."""

    def __init__(self, encoding: str, *, limit: int) -> None:
        layers = [layer.strip().lower() for layer in encoding.split(",") if layer.strip(" ,").lower() != "identity"]
        layers = [layer for layer in layers if layer]
        if len(layers) > MAX_LAYERS:
            raise UndecodableError("too many content encodings")
        self._layers = [_Decoder(layer, limit) for layer in reversed(layers)]
        self._limit = limit
        self._received = 0
        self._body = bytearray()

    def add(self, data: bytes) -> None:
        self._received += len(data)
        for layer in self._layers:
            data = layer.decode(data)
        self._body += data
        if len(self._body) > self._limit or self._received > self._limit:
            raise TooLargeError

    def finish(self) -> bytes:
        """Return the body after all of it was added."""
        if self._received and not all(layer.is_complete for layer in self._layers):
            raise UndecodableError("incomplete compressed body")
        return bytes(self._body)


class _Decoder:
    """gzip or deflate (RFC 9110 section 8.4.1), at most slightly more than ``limit`` bytes."""

    def __init__(self, encoding: str, limit: int) -> None:
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise UndecodableError("unknown content encoding")
        self._window = zlib.MAX_WBITS if encoding == "deflate" else zlib.MAX_WBITS | 16
        self._stream = zlib.decompressobj(self._window)
        self._limit = limit
        self._is_first = True

    @property
    def is_complete(self) -> bool:
        return self._stream.eof

    def decode(self, data: bytes) -> bytes:
        if not data:
            return b""
        try:
            found = self._stream.decompress(data, self._limit + 1)
        except zlib.error as error:
            if not (self._is_first and self._window == zlib.MAX_WBITS):
                raise UndecodableError("corrupt compressed body") from error
            found = self._raw_deflate(data)
        self._is_first = False
        if len(found) > self._limit:
            raise TooLargeError
        return found

    def _raw_deflate(self, data: bytes) -> bytes:
        """Many servers send deflate without its zlib wrapper."""
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._stream.decompress(data, self._limit + 1)
        except zlib.error as error:
            raise UndecodableError("corrupt compressed body") from error
