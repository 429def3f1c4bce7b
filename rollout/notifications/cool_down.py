"""Limits notices about a site whose verdict changes repeatedly.

The first verdict change of a site is sent immediately. Changes during the following cool-down are merged into one
notice, which is sent when the cool-down ends: the verdicts before the first and after the last change, and a count.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


def held_until(sent_at: datetime | None, *, now: datetime, cool_down: timedelta) -> datetime | None:
    """Return until when a repeat is held, or None if it may be sent now. ``sent_at`` is the time of the last notice."""
    if sent_at is None or sent_at + cool_down <= now:
        return None
    return sent_at + cool_down


def verdict_change(was: tuple[str, str], now: tuple[str, str]) -> dict[str, Any]:
    """Return the details of one change: the verdicts of the MDM and the Non-MDM setup, before and after."""
    return {"was": list(was), "now": list(now), "times": 1}


def merge(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Merge two consecutive changes of one site into one, and add up their counts."""
    times = earlier.get("times", 1) + later.get("times", 1)
    return {"was": earlier["was"], "now": later["now"], "times": times}
