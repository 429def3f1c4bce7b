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
NAMES = ("address", "who", "failures")


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
        of_address, of_who, self.failures = _parsed(
            endpoint, limits[f"{endpoint}_address"], limits[f"{endpoint}_who"], limits[f"{endpoint}_failures"]
        )
        self.address, self.failed, self.wanted = address, True, list[tuple[Limit, str]]()
        if of_address is not None:
            self.wanted.append((of_address, address))
        if of_who is not None and who:
            self.wanted.append((of_who, who))
        if self.failures is not None:
            self.wanted.append((self.failures, address))

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
def _parsed(endpoint: str, *texts: str) -> tuple[Limit | None, ...]:
    """The limits of an endpoint by address, by client or person, and of failures; None for one that is off."""
    return tuple(parse_limit(f"{endpoint}_{name}", text) for name, text in zip(NAMES, texts, strict=True))
