"""Rate limits: how often somebody may ask, counted so that parallel requests cannot slip past (RFC 6749 10.10).

A process takes its permits from a shared counter in blocks, one twentieth of the limit each, and hands them out itself.
So the counter is never exceeded, whatever runs in parallel; a strict limit is counted one by one, and a generous one
costs next to nothing. A process that holds a block can leave up to a twentieth of a limit unused.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from . import counters

BLOCKS = 20  # blocks in a limit
MAX_LEASES = 50_000  # of one process, about 10 MB; the oldest windows go first
_TEXT = re.compile(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,4})")


class LimitError(ValueError):
    """The text is no limit."""


class Limit(NamedTuple):
    """At most ``most`` in each window of ``seconds``."""

    name: str
    most: int
    seconds: int


@dataclass
class _Lease:
    ends: float  # in seconds since 1970
    left: int
    is_last: bool


def parse_limit(name: str, text: str) -> Limit | None:
    """Return the limit that ``600/60`` spells, None for ``off``. Raises LimitError."""
    if text.strip().lower() == "off":
        return None
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise LimitError("Write a count and seconds, such as 600/60, or off.")
    return Limit(name, int(found[1]), int(found[2]))


class Limiter:
    """Hands out permits. One for a process; safe in threads."""

    def __init__(self) -> None:
        self._leases: dict[tuple[Limit, str], _Lease] = {}
        self._lock = threading.Lock()

    def take_all(self, wanted: Sequence[tuple[Limit, str]]) -> int | None:
        """Take a permit of each limit for its key; None when all were there, else the longest wait in seconds."""
        now = time.time()
        with self._lock:  # the rule: all of them are held already
            held = [self._leases.get((limit, _short(key))) for limit, key in wanted]
            living = [lease for lease in held if lease and lease.left and lease.ends > now]
            if len(living) == len(wanted):
                for lease in living:
                    lease.left -= 1
                return None
        waits = [self.take(limit, key) for limit, key in wanted]
        return max((wait for wait in waits if wait is not None), default=None)

    def take(self, limit: Limit, key: str) -> int | None:
        """Take a permit for ``key``; None when there was one, else the seconds until there may be another."""
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
                    return _wait(limit, now)
        block = max(1, limit.most // BLOCKS)
        granted = counters.grant(_name(limit, key), window, limit.seconds, block, limit.most)
        with self._lock:
            current = self._leases.get(holder)
            if current is None or current.ends != ends:
                self._make_room()
                current = self._leases[holder] = _Lease(ends, 0, False)
            current.left += granted
            current.is_last = granted < block
            if not current.left:
                return _wait(limit, now)
            current.left -= 1
        return None

    def give_back(self, limit: Limit, key: str) -> None:
        """Return a permit that was taken in case something failed, and did not."""
        with self._lock:
            lease = self._leases.get((limit, _short(key)))
            if lease is not None and lease.ends > time.time():
                lease.left += 1

    def forget(self) -> None:
        """Drop what this process holds; the counters stay."""
        with self._lock:
            self._leases.clear()

    def _make_room(self) -> None:
        if len(self._leases) >= MAX_LEASES:
            for holder in list(self._leases)[: MAX_LEASES // 2]:
                del self._leases[holder]


def _wait(limit: Limit, now: float) -> int:
    return limit.seconds - int(now % limit.seconds)


def _short(key: str) -> str:
    """The key itself, or the digest of one that somebody made long."""
    return key if len(key) <= 64 else hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def _name(limit: Limit, key: str) -> bytes:
    """What is stored in place of an address or a person: nobody reads them out of a counter."""
    return hashlib.blake2b(f"{limit.name}:{limit.seconds}:{key}".encode(), digest_size=16).digest()
