"""What the pages tell of a sweep: how far it is, how fast, and what became of its sites."""

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


@dataclass(frozen=True)
class SweepProgress:
    """A sweep as a page shows it now. ``running`` sites are being asked; ``rate`` is sites a minute."""

    sweep: Sweep
    running: int
    rate: int | None
    time_left: str
    took: str

    @property
    def ended(self) -> int:
        return self.sweep.done + self.sweep.broken

    @property
    def every(self) -> str:
        """When the page asks again: often while something moves, seldom in a pause."""
        return "every 2s" if self.sweep.state == "running" else "every 15s"


def progress_of(sweep: Sweep) -> SweepProgress:
    """Counters only, and one query for the sites that are being asked now."""
    now = timezone.now()
    running = 0 if sweep.is_finished else sweep.runs.filter(state=RunState.RUNNING).count()
    rate, left = sweep.per_minute(now), sweep.time_left(now)
    return SweepProgress(
        sweep=sweep,
        running=running,
        rate=round(rate) if rate is not None else None,
        time_left=_words_of(left) if left is not None and sweep.state == "running" else "",
        took=_words_of(timedelta(seconds=sweep.seconds_at_work(now))),
    )


def _words_of(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 90:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def summary_of(sweep: Sweep) -> list[dict[str, Any]]:
    """How many sites have which status, one row per status with a count per setup; empty until the sweep has ended."""
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
