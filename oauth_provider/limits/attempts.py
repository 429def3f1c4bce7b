"""Rate limits of the provider's endpoints (setting ``RATE_LIMITS``).

Each endpoint limits successful requests from one address and of one principal (generous, for an office behind one
address), and failed requests (strict). Tokens, codes and client secrets have too much entropy to be guessed, so a
request is always evaluated and only a failure takes a permit for failures: over that limit a valid token still gets its
answer, whatever others behind the same address send. A failed request takes no permit of the two other limits.
"""

from __future__ import annotations

import functools
import time

from django.conf import settings

from .limiter import Limit, Limiter, parse_limit

limiter = Limiter()
NAMES = ("address", "principal", "failures")  # as in RATE_LIMITS


class TooManyRequestsError(Exception):
    """A limit is reached; ``retry_after`` is the wait in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Attempt:
    """Context manager for one request: takes its permits or raises TooManyRequestsError. An exception returns them.

    ``address`` is the client's IP address, ``principal`` the OAuth client or person that the request names, or "".
    """

    def __init__(self, endpoint: str, address: str, principal: str) -> None:
        limits = settings.RATE_LIMITS
        address_limit, principal_limit, self.failures = _parsed(
            endpoint, limits[f"{endpoint}_address"], limits[f"{endpoint}_principal"], limits[f"{endpoint}_failures"]
        )
        self.address, self.begun, self.permits = address, time.time(), list[tuple[Limit, str]]()
        if address_limit is not None:
            self.permits.append((address_limit, address))
        if principal_limit is not None and principal:
            self.permits.append((principal_limit, principal))

    def __enter__(self) -> Attempt:
        wait = limiter.take_all(self.permits)
        if wait is not None:
            raise TooManyRequestsError(wait)
        return self

    def __exit__(self, error: type[BaseException] | None, *_details: object) -> None:
        if error is not None:
            self._return_permits()

    def failed(self, *, client: str = "", family: str = "") -> None:
        """Count a failure. Raises TooManyRequestsError, which replaces the response, above the limit of failures.

        Failures count per address and ``client``, a client that exists or existed; "" stands for all unknown ones.
        ``family`` is that of a token which this server issued: an ended sign-in counts for itself, as it is no guess.
        """
        self._return_permits()
        if self.failures is not None:
            key = f"family {family}" if family else f"{self.address} {client}"
            wait = limiter.take(self.failures, key)
            if wait is not None:
                raise TooManyRequestsError(wait)

    def _return_permits(self) -> None:
        limiter.give_back_all(self.permits, self.begun)
        self.permits = []


def count_failure(endpoint: str, key: str) -> None:
    """Count a failure of an endpoint that has no other limit. Raises TooManyRequestsError above it."""
    limit = parse_limit(f"{endpoint}_failures", settings.RATE_LIMITS[f"{endpoint}_failures"])
    wait = limiter.take(limit, key) if limit else None
    if wait is not None:
        raise TooManyRequestsError(wait)


@functools.lru_cache(maxsize=256)
def _parsed(endpoint: str, *texts: str) -> tuple[Limit | None, ...]:
    """Return the limits by address, by principal and of failures; None for one that is off."""
    return tuple(parse_limit(f"{endpoint}_{name}", text) for name, text in zip(NAMES, texts, strict=True))
