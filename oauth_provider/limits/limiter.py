"""Rate limiter that parallel requests cannot exceed (RFC 6749 section 10.10).

Each process takes permits from a shared counter in blocks of a twentieth of the limit and grants them locally. The
limit is never exceeded; low limits are counted one by one, and high limits cost almost nothing. A process can leave up
to a twentieth of a limit unused.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client import Counter

from oauth_provider.signals import limit_reached

from . import counters

BLOCKS = 20  # blocks per limit
MAX_LEASES = 50_000  # per process, about 10 MB; the oldest are dropped first
_REACHED = Counter("gatepass_rate_limit_refusals", "Requests over a rate limit by limit.", ["limit"])
_TEXT = re.compile(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,4})")


class LimitError(ValueError):
    """The text is not a valid limit."""


class Limit(NamedTuple):
    """At most ``maximum`` requests in each window of ``seconds``."""

    name: str
    maximum: int
    seconds: int


@dataclass
class _Lease:
    ends: float  # in seconds since 1970
    left: int
    is_last: bool


def parse_limit(name: str, text: str) -> Limit | None:
    """Parse a limit such as ``600/60`` (count/seconds); None for ``off``. Raises LimitError."""
    if text.strip().lower() == "off":
        return None
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise LimitError("Enter a count and seconds, such as 600/60, or off.")
    return Limit(name, int(match[1]), int(match[2]))


class Limiter:
    """Grants permits. One instance per process; thread-safe."""

    def __init__(self) -> None:
        self._leases: dict[tuple[Limit, str], _Lease] = {}
        self._reported: dict[Limit, int] = {}  # the last window in which it was reached
        self._lock = threading.Lock()

    def take_all(self, permits: Sequence[tuple[Limit, str]]) -> int | None:
        """Take a permit of each limit for its key and return None. If one is missing, take none and return the wait.

        The wait is the longest one in seconds.
        """
        now = time.time()
        with self._lock:  # the usual case: this process holds permits for all of them
            held = [self._leases.get((limit, _short(key))) for limit, key in permits]
            usable = [lease for lease in held if lease and lease.left and lease.ends > now]
            if len(usable) == len(permits):
                for lease in usable:
                    lease.left -= 1
                return None
        waits = [self.take(limit, key) for limit, key in permits]
        if not any(waits):
            return None
        self.give_back_all([permit for permit, wait in zip(permits, waits, strict=True) if wait is None], now)
        return max(wait for wait in waits if wait is not None)

    def take(self, limit: Limit, key: str) -> int | None:
        """Take a permit for ``key``; return None, or the wait in seconds if none is left in this window."""
        wait = self._take(limit, key)
        if wait is not None:
            self.report(limit)
        return wait

    def report(self, limit: Limit) -> None:
        """Send the signal ``limit_reached``, once per window: a flood of refused requests must not write an event each.

        The other processes are asked once per window only.
        """
        window = int(time.time() // limit.seconds)
        with self._lock:
            is_new = self._reported.get(limit) != window
            self._reported[limit] = window
        if is_new and counters.grant(
            _name(limit._replace(name=f"reached {limit.name}"), ""), window, limit.seconds, 1, 1
        ):
            limit_reached.send_robust(Limiter, limit=limit)

    def _take(self, limit: Limit, key: str) -> int | None:
        now, holder = time.time(), (limit, _short(key))
        window = int(now // limit.seconds)
        ends = (window + 1) * limit.seconds
        with self._lock:
            lease = self._leases.get(holder)
            if lease is not None and lease.ends == ends:
                if lease.left:
                    lease.left -= 1
                    return None
                if lease.is_last:
                    return _refuse(limit, now)
        block = max(1, limit.maximum // BLOCKS)
        granted = counters.grant(_name(limit, key), window, limit.seconds, block, limit.maximum)
        with self._lock:
            current = self._leases.get(holder)
            if current is None or current.ends != ends:
                self._make_room()
                current = self._leases[holder] = _Lease(ends, 0, False)
            current.left += granted
            current.is_last = granted < block
            if not current.left:
                return _refuse(limit, now)
            current.left -= 1
        return None

    def give_back_all(self, permits: Sequence[tuple[Limit, str]], taken: float) -> None:
        """Return permits that were not needed; ``taken`` is when, in seconds since 1970. Lapsed ones are ignored."""
        with self._lock:
            for limit, key in permits:
                lease = self._leases.get((limit, _short(key)))
                if lease is not None and lease.ends - limit.seconds <= taken:  # still the same window
                    lease.left += 1

    def forget(self) -> None:
        """Drop the permits that this process holds; the shared counters stay."""
        with self._lock:
            self._leases.clear()
            self._reported.clear()

    def _make_room(self) -> None:
        if len(self._leases) >= MAX_LEASES:
            for holder in list(self._leases)[: MAX_LEASES // 2]:
                del self._leases[holder]


def _refuse(limit: Limit, now: float) -> int:
    """Count the refusal and return the wait in seconds."""
    _REACHED.labels(limit.name).inc()
    return limit.seconds - int(now % limit.seconds)


def _short(key: str) -> str:
    """Return the key, or a digest of a long one, to bound memory."""
    return key if len(key) <= 64 else hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def _name(limit: Limit, key: str) -> bytes:
    """Return the counter's name: a digest, so that no addresses or persons are stored."""
    return hashlib.blake2b(f"{limit.name}:{limit.seconds}:{key}".encode(), digest_size=16).digest()
