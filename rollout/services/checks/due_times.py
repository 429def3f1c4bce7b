"""When a site is due for its next scheduled check."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.conf import settings

SPREAD = 0.1  # a tenth earlier or later, so that sites added together spread out over time
MAX_INTERVAL = timedelta(days=7)
RETRY_INTERVAL = timedelta(hours=1)


def check_interval() -> timedelta:
    """Return the time between two scheduled checks of a site, without the random spread."""
    return timedelta(hours=settings.CHECK_EVERY_HOURS)


def next_due(now: datetime, *, failed_checks: int) -> datetime:
    """Return the time of the next check after one at ``now``; ``failed_checks`` counts the last checks without any
    response.

    Every failure after the first doubles the interval, up to seven days (or CHECK_EVERY_HOURS, if that is longer).
    """
    doubled = check_interval() * 2 ** min(max(failed_checks - 1, 0), 10)
    return _spread(now, max(check_interval(), min(doubled, MAX_INTERVAL)))


def longest_interval() -> timedelta:
    """Return the longest time to the next check of a site."""
    return max(check_interval(), MAX_INTERVAL) * (1 + SPREAD)


def due_after_internal_error(now: datetime) -> datetime:
    """Return the time of the next check after one that failed because of an error in Gatepass."""
    return _spread(now, min(RETRY_INTERVAL, check_interval()))


def _spread(now: datetime, interval: timedelta) -> datetime:
    return now + interval * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - no secret
