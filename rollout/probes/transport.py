"""HTTP over guarded sockets: httpx2 on an httpcore pool whose network backend is the guard."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import cast

import httpcore2
import httpx2  # noqa: TID251 - this is the door
import truststore

from .guard import GuardedBackend

# httpx2 logs each URL with its query at INFO, and codes and states travel in queries.
logging.getLogger("httpx2").setLevel(logging.WARNING)
logging.getLogger("httpcore2").setLevel(logging.WARNING)


@lru_cache(maxsize=1)
def system_trust() -> ssl.SSLContext:
    """The machine's own trust store, so that a CA an operator installed there counts."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        if hasattr(self._stream, "aclose"):
            await self._stream.aclose()


class GuardedTransport(httpx2.AsyncBaseTransport):
    """httpx2 over an httpcore pool that opens its sockets through the guard, one connection a request."""

    def __init__(self, ssl_context: ssl.SSLContext, backend: GuardedBackend) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl_context, network_backend=backend, max_connections=1, max_keepalive_connections=0
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = await self._pool.handle_async_request(
            httpcore2.Request(
                request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
            )
        )
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Body(cast(AsyncIterator[bytes], response.stream)),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()
