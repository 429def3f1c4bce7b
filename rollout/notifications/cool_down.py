"""Keeps notices from storming: what repeats itself is told once, and then once more with a count.

The first flip of a site is told at once. Flips within the cool-down after it are held and become one notice when it is
over: what the verdicts were before the first of them, what they are after the last, and how many there were.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


def held_until(told_at: datetime | None, *, now: datetime, cool_down: timedelta) -> datetime | None:
    """Until when a repeat is held; None when it may be told at once. ``told_at``: when the last one was told."""
    if told_at is None or told_at + cool_down <= now:
        return None
    return told_at + cool_down


def flip(was: tuple[str, str], now: tuple[str, str]) -> dict[str, Any]:
    """The details of one flip: the verdicts with and without MDM, before and after."""
    return {"was": list(was), "now": list(now), "times": 1}


def added(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Two flips of one site as one: from where the first started to where the last ended, counted."""
    times = earlier.get("times", 1) + later.get("times", 1)
    return {"was": earlier["was"], "now": later["now"], "times": times}
