"""Which limits stand in front of which endpoint (settings ``RATE_LIMITS``), and the answer when one is reached.

Every endpoint has one of all requests from an address, which an office behind one address must not reach, and a strict
one of those that fail, which is what guessing looks like. A permit for a failure is taken before the answer is known
and given back afterwards, so that parallel guesses count too.
"""

from __future__ import annotations

import functools

from django.conf import settings

from .limiter import Limit, Limiter, parse_limit

limiter = Limiter()


class TooManyRequestsError(Exception):
    """``retry_after`` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Attempt:
    """Entering it takes the permits, or raises TooManyRequestsError. It counts as failed until it says otherwise.

    ``address`` is the visitor's, ``who`` the client or the person that the request names.
    """

    def __init__(self, endpoint: str, address: str, who: str) -> None:
        limits = settings.RATE_LIMITS
        self.address, self.failed = address, True
        self.failures = _parsed(f"{endpoint}_failures", limits[f"{endpoint}_failures"])
        wanted = [
            (_parsed(f"{endpoint}_address", limits[f"{endpoint}_address"]), address),
            (_parsed(f"{endpoint}_who", limits[f"{endpoint}_who"]) if who else None, who),
            (self.failures, address),
        ]
        self.wanted = [(limit, key) for limit, key in wanted if limit is not None]

    def __enter__(self) -> Attempt:
        wait = limiter.take_all(self.wanted)
        if wait is not None:
            raise TooManyRequestsError(wait)
        return self

    def __exit__(self, *_error: object) -> None:
        if self.failures is not None and not self.failed:
            limiter.give_back(self.failures, self.address)

    def succeeded(self) -> None:
        self.failed = False


@functools.lru_cache(maxsize=256)
def _parsed(name: str, text: str) -> Limit | None:
    """The limit of this name; None when it is off."""
    return parse_limit(name, text)
