"""When to try again: exponential back-off with jitter, the luck of the draw being an argument."""

from __future__ import annotations

from datetime import timedelta

# After the first, second … attempt of a delivery: eight attempts within about a day.
DELIVERY_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800, 2 * 3600, 6 * 3600, 14 * 3600))
MOST_TRIES = len(DELIVERY_DELAYS) + 1
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(hours=1)
FIRST_MAIL_DELAY, LONGEST_MAIL_DELAY = timedelta(minutes=1), timedelta(hours=6)


def next_delivery(tries: int, luck: float) -> timedelta | None:
    """How long a delivery waits after so many attempts; None when it is given up. ``luck`` is in [0, 1)."""
    return _jittered(DELIVERY_DELAYS[tries - 1], luck) if tries < MOST_TRIES else None


def rest(failures: int, luck: float) -> timedelta:
    """How long a receiver that failed so often in a row is left alone, whatever else waits for it."""
    return _jittered(_doubled(FIRST_REST, failures, LONGEST_REST), luck)


def next_mail(failures: int, luck: float) -> timedelta:
    """How long a digest waits after the mail server failed so often in a row; it is never given up."""
    return _jittered(_doubled(FIRST_MAIL_DELAY, failures, LONGEST_MAIL_DELAY), luck)


def _doubled(first: timedelta, failures: int, longest: timedelta) -> timedelta:
    return min(longest, first * 2 ** min(max(failures, 1) - 1, 20))


def _jittered(delay: timedelta, luck: float) -> timedelta:
    """Up to a fifth longer, so that what failed together does not come back together."""
    return delay * (1 + luck / 5)
