"""Which limits stand in front of which endpoint (settings ``RATE_LIMITS``), and the answer when one is reached.

Every endpoint has one of all requests from an address, which an office behind one address must not reach, and a strict
one of those that fail, which is what guessing looks like. A permit for a failure is taken before the answer is known
and given back afterwards, so that parallel guesses count too.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest

from .limits import Limit, Limiter, parse_limit, take_all

limiter = Limiter()


class TooManyRequestsError(Exception):
    """``retry_after`` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Attempt:
    """A request that counts as failed until it says otherwise."""

    failed = True

    def succeeded(self) -> None:
        self.failed = False


@contextmanager
def guard(endpoint: str, request: HttpRequest, who: str) -> Iterator[Attempt]:
    """Let a request through, or raise TooManyRequestsError. ``who``: the client or the person that it names."""
    address = request.META.get("REMOTE_ADDR", "")
    failures = limit(f"{endpoint}_failures")
    wanted = [
        (limit(f"{endpoint}_address"), address),
        (limit(f"{endpoint}_who") if who else None, who),
        (failures, address),
    ]
    wait = take_all(limiter, wanted)
    if wait is not None:
        raise TooManyRequestsError(wait)
    attempt = Attempt()
    yield attempt
    if failures is not None and not attempt.failed:
        limiter.give_back(failures, address)


def limit(name: str) -> Limit | None:
    """The limit of this name; None when it is off."""
    return _parsed(name, settings.RATE_LIMITS[name])


@functools.lru_cache(maxsize=256)
def _parsed(name: str, text: str) -> Limit | None:
    return parse_limit(name, text)
