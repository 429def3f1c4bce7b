"""Exponential back-off with jitter. ``jitter`` is a random number in [0, 1) that the caller draws."""

from __future__ import annotations

from datetime import timedelta

# Delays after the first, second … attempt at a delivery: eight attempts within about a day.
DELIVERY_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800, 2 * 3600, 6 * 3600, 14 * 3600))
MAX_ATTEMPTS = len(DELIVERY_DELAYS) + 1
FIRST_PAUSE, MAX_PAUSE = timedelta(seconds=30), timedelta(hours=1)
FIRST_MAIL_DELAY, MAX_MAIL_DELAY = timedelta(minutes=1), timedelta(hours=6)


def _jittered(delay: timedelta, jitter: float) -> timedelta:
    """Add up to a fifth, so that messages that failed together are not retried together."""
    return delay * (1 + jitter / 5)


LONGEST_DELIVERY_DELAY, LONGEST_PAUSE = _jittered(DELIVERY_DELAYS[-1], 1), _jittered(MAX_PAUSE, 1)
LONGEST_MAIL_DELAY = _jittered(MAX_MAIL_DELAY, 1)


def delivery_delay(attempts: int, jitter: float) -> timedelta | None:
    """Return the delay after the given number of attempts, or None after the last one."""
    return _jittered(DELIVERY_DELAYS[attempts - 1], jitter) if attempts < MAX_ATTEMPTS else None


def receiver_pause(failures: int, jitter: float) -> timedelta:
    """Return how long no message is sent to a receiver after this many consecutive failures."""
    return _jittered(_doubled(FIRST_PAUSE, failures, MAX_PAUSE), jitter)


def mail_delay(failures: int, jitter: float) -> timedelta:
    """Return how long a digest waits after this many consecutive failures of the mail server. It is always retried."""
    return _jittered(_doubled(FIRST_MAIL_DELAY, failures, MAX_MAIL_DELAY), jitter)


def _doubled(first: timedelta, failures: int, maximum: timedelta) -> timedelta:
    return min(maximum, first * 2 ** min(max(failures, 1) - 1, 20))
