"""Bulk checks for pages: progress, speed, remaining time and results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.compatibility.verdict import READY, Setup
from rollout.models import RunState, Sweep, VerdictChoices

from . import messages

MINUTES_BEFORE_HOURS = 90  # shorter durations are given in minutes


@dataclass(frozen=True)
class SweepProgress:
    """Progress of a bulk check. ``running``: sites being checked now; ``rate``: sites per minute, None if unknown.

    ``took`` is a duration such as "5 minutes"; ``remaining`` is "5 minutes left" or empty.
    """

    sweep: Sweep
    running: int
    rate: int | None
    remaining: str
    took: str

    @property
    def ended(self) -> int:
        return self.sweep.done + self.sweep.broken

    @property
    def every(self) -> str:
        """htmx trigger of the page: polls often while the bulk check runs, rarely while it is paused."""
        return "every 2s" if self.sweep.state == "running" else "every 15s"


def progress_of(sweep: Sweep) -> SweepProgress:
    """Return the progress of a bulk check: its counters, and one query for the sites being checked now."""
    now = timezone.now()
    running = 0 if sweep.is_finished else sweep.runs.filter(state=RunState.RUNNING).count()
    rate = sweep.per_minute(now)
    left = sweep.time_left(now) if sweep.state == "running" else None
    return SweepProgress(
        sweep=sweep,
        running=running,
        rate=round(rate) if rate is not None else None,
        remaining=_remaining(left) if left is not None else "",
        took=_duration(timedelta(seconds=sweep.seconds_at_work(now))),
    )


def _remaining(left: timedelta) -> str:
    minutes, hours = round(left.total_seconds() / 60), round(left.total_seconds() / 3600)
    if minutes < 1:
        return _("Less than a minute left")
    if minutes < MINUTES_BEFORE_HOURS:
        return ngettext("%(n)d minute left", "%(n)d minutes left", minutes) % {"n": minutes}
    return ngettext("%(n)d hour left", "%(n)d hours left", hours) % {"n": hours}


def _duration(length: timedelta) -> str:
    minutes, hours = round(length.total_seconds() / 60), round(length.total_seconds() / 3600)
    if minutes < 1:
        return _("less than a minute")
    if minutes < MINUTES_BEFORE_HOURS:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def summary_of(sweep: Sweep) -> list[dict[str, Any]]:
    """Return a row per verdict with the number of sites by setup; empty until the bulk check has finished."""
    setups: Mapping[str, Mapping[str, int]] = sweep.summary
    rows = []
    for value in VerdictChoices.values:
        if value == VerdictChoices.READY_NON_MDM:  # counted in the row of READY_MDM: both are shown as "Ready"
            continue
        ready = value == VerdictChoices.READY_MDM
        counts = [
            (name, setups.get(setup, {}).get(READY[Setup(setup)].value if ready else value, 0))
            for setup, name in messages.SETUP_NAMES.items()
        ]
        if any(count for _name, count in counts):
            rows.append({"verdict": value, "counts": counts})
    return rows
