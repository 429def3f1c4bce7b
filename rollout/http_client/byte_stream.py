"""One open connection to a checked address, with back pressure."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

_PAUSE_AT = 262_144


class ConnectionLostError(OSError):
    """An established connection broke: caused by the OSError, which is an ssl.SSLError for a TLS alert."""


class ByteStream(asyncio.Protocol):
    """A subset of asyncio's streams for one reader. Raises ConnectionLostError when the connection breaks."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._reading: asyncio.Future[None] | None = None
        self._ended = False
        self._error: Exception | None = None
        self._paused = False
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, address: str, port: int, *, seconds: float) -> ByteStream:
        """Connect to an address, never to a name. Raises OSError, including TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(seconds):
            _transport, stream = await loop.create_connection(cls, address, port)
        return stream

    async def start_tls(self, context: ssl.SSLContext, host: str, *, seconds: float) -> None:
        """Encrypt the connection. Raises ssl.SSLError (handshake errors), ConnectionLostError, TimeoutError."""
        name = host.rstrip(".")
        transport = cast(asyncio.Transport, self._transport)
        if self._ended or transport.is_closing():  # asyncio would wait for its end once more
            raise ConnectionLostError("the connection ended before the handshake")
        try:
            async with asyncio.timeout(seconds):
                secured = await self._loop.start_tls(transport, self, context, server_hostname=name)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise ConnectionLostError("the connection ended during the handshake") from error
        if secured is None:
            raise ConnectionLostError("the connection ended during the handshake")
        self._transport = secured

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        return self._transport.get_extra_info("ssl_object") if self._transport else None

    @property
    def is_reusable(self) -> bool:
        """Whether another request may be sent: still open, and no unexpected data received."""
        return not (self._ended or self._received)

    def send(self, data: bytes) -> None:
        if self._transport is not None and not self._ended:
            self._transport.write(data)

    async def read(self) -> bytes:
        """Return received bytes, at least one; empty at the end. Raises ConnectionLostError."""
        if not self._received and not self._ended:
            self._reading = self._loop.create_future()
            try:
                await self._reading
            finally:
                self._reading = None
        if not self._received and self._error is not None:
            raise ConnectionLostError("the connection broke") from self._error
        data = bytes(self._received)
        self._received.clear()
        if self._paused and self._transport is not None and not self._ended:
            self._paused = False
            self._transport.resume_reading()
        return data

    def close(self) -> None:
        """Close the connection at once: a graceful close would wait for an unresponsive server."""
        self._ended = True
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    # Callbacks of the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > _PAUSE_AT and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        self._error = self._error or error
        self._wake()

    def _wake(self) -> None:
        if self._reading is not None and not self._reading.done():
            self._reading.set_result(None)
