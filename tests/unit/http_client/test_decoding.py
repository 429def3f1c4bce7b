"""Bodies are decompressed within a limit that each layer has too."""

from __future__ import annotations

import zlib

import brotli
import pytest

from rollout.http_client.decoding import Body, TooLargeError

LIMIT = 10_000


def test_it_works() -> None:
    body = Body("gzip, br", limit=LIMIT)
    gzip = zlib.compressobj(wbits=31)
    body.add(brotli.compress(gzip.compress(b"hello") + gzip.flush()))
    assert body.finish() == b"hello"


def test_exactly_the_limit() -> None:
    body = Body("br", limit=LIMIT)
    body.add(brotli.compress(b"a" * LIMIT))
    assert len(body.finish()) == LIMIT
    with pytest.raises(TooLargeError):
        Body("br", limit=LIMIT).add(brotli.compress(b"a" * (LIMIT + 1)))


@pytest.mark.parametrize("outer", ["deflate", "br"])
def test_the_output_of_each_layer_is_limited(outer) -> None:
    """Parts that stay below the limit, and expand to nothing in the inner encoding, add up all the same."""
    nothing = b"\0\0\0\xff\xff" * 800  # empty blocks of raw deflate
    if outer == "deflate":
        compress = zlib.compressobj(9)
        parts = [compress.compress(nothing) + compress.flush(zlib.Z_SYNC_FLUSH) for _ in range(3)]
    else:
        compressor = brotli.Compressor()
        parts = [compressor.process(nothing) + compressor.flush() for _ in range(3)]
    body = Body(f"deflate, {outer}", limit=LIMIT)
    body.add(parts[0])
    body.add(parts[1])
    with pytest.raises(TooLargeError):
        body.add(parts[2])
