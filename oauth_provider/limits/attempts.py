"""Rate limits of each endpoint (setting ``RATE_LIMITS``).

Each endpoint limits all requests from one address (generous, for an office behind one address), all requests of one
principal, and failed requests from one address (strict, against guessing). The permit for a failure is taken before
the result is known and returned on success, so that parallel guesses count too.
"""

from __future__ import annotations

import functools

from django.conf import settings

from .limiter import Limit, Limiter, parse_limit

limiter = Limiter()
NAMES = ("address", "who", "failures")  # as in RATE_LIMITS; "who" is the principal


class TooManyRequestsError(Exception):
    """A limit is reached; ``retry_after`` is the wait in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Attempt:
    """Context manager that takes the permits or raises TooManyRequestsError. Counts as failed until ``succeeded()``.

    ``address`` is the client's IP address, ``principal`` the OAuth client or person that the request names, or "".
    """

    def __init__(self, endpoint: str, address: str, principal: str) -> None:
        limits = settings.RATE_LIMITS
        address_limit, principal_limit, self.failures = _parsed(
            endpoint, limits[f"{endpoint}_address"], limits[f"{endpoint}_who"], limits[f"{endpoint}_failures"]
        )
        self.address, self.failed, self.permits = address, True, list[tuple[Limit, str]]()
        if address_limit is not None:
            self.permits.append((address_limit, address))
        if principal_limit is not None and principal:
            self.permits.append((principal_limit, principal))
        if self.failures is not None:
            self.permits.append((self.failures, address))

    def __enter__(self) -> Attempt:
        wait = limiter.take_all(self.permits)
        if wait is not None:
            raise TooManyRequestsError(wait)
        return self

    def __exit__(self, *_error: object) -> None:
        if self.failures is not None and not self.failed:
            limiter.give_back(self.failures, self.address)

    def succeeded(self) -> None:
        """Mark the request as successful, so that it does not count as a failure."""
        self.failed = False


@functools.lru_cache(maxsize=256)
def _parsed(endpoint: str, *texts: str) -> tuple[Limit | None, ...]:
    """Return the limits by address, by principal and of failures; None for one that is off."""
    return tuple(parse_limit(f"{endpoint}_{name}", text) for name, text in zip(NAMES, texts, strict=True))
