"""Chunked responses: read in any division, and never at the expense of other requests."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from rollout.http_client.client import fetch
from rollout.http_client.http1 import BYTES_PER_CHUNK, MIN_CHUNKS
from rollout.http_client.policy import FetchPolicy
from rollout.http_client.reply import Reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunked(size: int, count: int) -> bytes:
    return HEAD + b"%x\r\n%s\r\n" % (size, b"x" * size) * count + END


@pytest.mark.parametrize(("size", "count"), [(1, 1000), (16, 5000), (8192, 20)])
def test_it_works(serve, get, size, count) -> None:
    reply = get(serve(chunked(size, count)).url)
    assert (reply.status, len(reply.body)) == (200, size * count)


def test_as_many_chunks_as_are_read(serve, get, policy) -> None:
    policy = replace(policy, max_bytes=16_000, total_seconds=10)
    most = MIN_CHUNKS + 16_000 // BYTES_PER_CHUNK
    assert len(get(serve(chunked(1, most)).url, policy=policy).body) == most
    reply = get(serve(chunked(1, most + 1)).url, policy=policy)
    assert (reply.status, reply.error, reply.answer.excerpt) == (None, "too_large", "too many chunks")


def test_long_extensions_of_chunks(serve, get, policy) -> None:
    body = HEAD + b"1;%s\r\nx\r\n" % (b"e" * 30_000) * 100 + END
    reply = get(serve(body).url, policy=replace(policy, max_bytes=100_000, total_seconds=10))
    assert (reply.status, reply.error) == (None, "too_large")


def _fetch_beside_a_clock(policy: FetchPolicy, url: str) -> tuple[Reply, float, float]:
    """Return the reply, its CPU time, and the longest CPU time between two turns of another coroutine."""
    gaps: list[float] = []

    async def clock() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            gaps.append(now - last)
            last = now

    async def both() -> tuple[Reply, float, float]:
        ticking = asyncio.create_task(clock())
        reply = await fetch(policy, "GET", url)
        ticking.cancel()
        return reply, sum(gaps), max(gaps)

    return asyncio.run(both())


def test_endless_one_byte_chunks_do_not_hold_the_event_loop(serve, policy) -> None:
    """All of them arrive in a few reads, and would be handled in one go each."""

    def endless(request, handler):
        handler.wfile.write(HEAD)
        for _ in range(200):
            handler.wfile.write(b"1\r\nx\r\n" * 10_000)

    reply, used, longest = _fetch_beside_a_clock(replace(policy, total_seconds=30), serve(endless).url)
    assert (reply.status, reply.error) == (None, "too_large")
    assert longest < used / 10
