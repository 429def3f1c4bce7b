"""Decompresses a body, never beyond the limit."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Protocol

import brotli

# What ``Body`` reads, and what the app sends.
ACCEPT_ENCODING = "gzip, deflate, br"
MAX_LAYERS = 3
_ENCODING_NAME = re.compile(r"[a-z0-9_.-]{1,30}", re.ASCII)


class TooLargeError(Exception):
    """The body is larger than the limit, before or after decompression."""


class UndecodableError(Exception):
    """The body is not encoded as its headers state."""


class UnknownEncodingError(Exception):
    """The body is compressed in a way that cannot be read; the message names it."""


class Body:
    """Collects a body of at most ``limit`` bytes. Raises the three exceptions above."""

    def __init__(self, encoding: str, *, limit: int) -> None:
        names = [name.strip().lower() for name in encoding.split(",")] if encoding else []
        names = [name for name in names if name not in ("", "identity")]
        if len(names) > MAX_LAYERS:
            raise UndecodableError("too many content encodings")
        self._unknown = next((name for name in names if name not in _DECODERS), None)
        self._layers = [] if self._unknown else [_Layer(_DECODERS[name](), limit) for name in reversed(names)]
        self._limit = limit
        self._received = 0
        self._body = bytearray()

    def add(self, data: bytes) -> None:
        if self._unknown and data:
            named = _ENCODING_NAME.fullmatch(self._unknown)
            raise UnknownEncodingError(f"compressed with {self._unknown if named else 'an unknown encoding'}")
        self._received += len(data)
        for layer in self._layers:
            data = layer.decode(data)
        self._body += data
        if len(self._body) > self._limit or self._received > self._limit:
            raise TooLargeError

    def finish(self) -> bytes:
        """Return the body after all of it was added."""
        if self._received and not all(layer.decoder.is_complete for layer in self._layers):
            raise UndecodableError("incomplete compressed body")
        return bytes(self._body)


class _Decoder(Protocol):
    @property
    def is_complete(self) -> bool: ...

    def decode(self, data: bytes, most: int) -> bytes:
        """Return what ``data`` decompresses to, or only a part of it that is longer than ``most``."""


class _Layer:
    """One content encoding, whose output is limited too: otherwise the inner of two could expand without end."""

    def __init__(self, decoder: _Decoder, limit: int) -> None:
        self.decoder = decoder
        self._left = limit

    def decode(self, data: bytes) -> bytes:
        if not data:
            return b""
        decoded = self.decoder.decode(data, self._left)
        self._left -= len(decoded)
        if self._left < 0:
            raise TooLargeError
        return decoded


class _Zlib:
    """gzip or deflate (RFC 9110 section 8.4.1)."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._stream = zlib.decompressobj(window)
        self._is_first = True

    @property
    def is_complete(self) -> bool:
        return self._stream.eof

    def decode(self, data: bytes, most: int) -> bytes:
        try:
            decoded = self._stream.decompress(data, most + 1)
        except zlib.error as error:
            if not (self._is_first and self._window == zlib.MAX_WBITS):
                raise UndecodableError("corrupt compressed body") from error
            decoded = self._raw_deflate(data, most)
        self._is_first = False
        return decoded

    def _raw_deflate(self, data: bytes, most: int) -> bytes:
        """Many servers send deflate without its zlib wrapper."""
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._stream.decompress(data, most + 1)
        except zlib.error as error:
            raise UndecodableError("corrupt compressed body") from error


class _Brotli:
    """Brotli (RFC 7932). The package returns output in parts of about the limit that it is given."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def is_complete(self) -> bool:
        return bool(self._stream.is_finished())

    def decode(self, data: bytes, most: int) -> bytes:
        try:
            decoded: bytes = self._stream.process(data, output_buffer_limit=most + 1)
            while len(decoded) <= most and not self._stream.can_accept_more_data():
                more = self._stream.process(b"", output_buffer_limit=most + 1 - len(decoded))
                if not more:
                    break
                decoded += more
        except brotli.error as error:
            raise UndecodableError("corrupt compressed body") from error
        return decoded


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "x-gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
}
