"""Times that work waits for: leases, back-off, due times.

A time further ahead than Gatepass ever sets it comes from a clock that was wrong, or was written by hand. Work does not
wait for it: it counts as over. ``longest`` is the longest time that is set for the field.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

CLOCK_SKEW = timedelta(minutes=1)  # of the machines' clocks: a lease of one that is ahead still holds


def is_ahead(field: str, now: datetime, longest: timedelta) -> Q:
    """Rows that have to wait."""
    return Q(**{f"{field}__gt": now, f"{field}__lte": now + longest + CLOCK_SKEW})


def is_over(field: str, now: datetime, longest: timedelta) -> Q:
    """Rows that need not wait any longer. Rows without a time are not among them."""
    return Q(**{f"{field}__lte": now}) | Q(**{f"{field}__gt": now + longest + CLOCK_SKEW})
