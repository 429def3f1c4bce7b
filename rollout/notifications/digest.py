"""Groups the notices of one digest by kind and site, counts them, and lists the most important ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from . import cool_down

MAX_LISTED = 20  # per kind
KINDS = ("verdict", "client_id", "certificate", "sweep", "webhook")  # in display order
_MOST_SEVERE_FIRST = ("INCOMPATIBLE", "ACTION_NEEDED", "UNKNOWN")


@dataclass(frozen=True)
class Entry:
    """All notices of one kind about one site (or sweep) in a digest."""

    kind: str
    key: str
    at: datetime
    details: dict[str, Any]
    site_id: int | None = None
    title: str = ""


@dataclass(frozen=True)
class Section:
    """All entries of one kind: their ``count``, the ``listed`` ones, and how many ``more`` there are."""

    kind: str
    count: int
    listed: tuple[Entry, ...] = field(default=())

    @property
    def more(self) -> int:
        return self.count - len(self.listed)


def sections(entries: Iterable[Entry]) -> tuple[Section, ...]:
    """Return the sections of a digest. ``entries`` are ordered oldest first; repeats are merged."""
    grouped: dict[str, dict[str, Entry]] = {kind: {} for kind in KINDS}
    for entry in entries:
        of_kind = grouped.setdefault(entry.kind, {})
        of_kind[entry.key] = _merged(of_kind.get(entry.key), entry)
    return tuple(
        Section(kind, len(by_key), tuple(sorted(by_key.values(), key=_order)[:MAX_LISTED]))
        for kind, by_key in grouped.items()
        if by_key
    )


def _merged(earlier: Entry | None, later: Entry) -> Entry:
    if earlier is None or later.kind != "verdict":
        return later
    details = cool_down.merge(earlier.details, later.details)
    return Entry(later.kind, later.key, later.at, details, later.site_id, later.title)


def _order(entry: Entry) -> tuple[Any, ...]:
    """Sort by the most severe verdict, then the earliest certificate expiry, then the title."""
    now = entry.details.get("now", ())
    most_severe = next(
        (rank for rank, verdict in enumerate(_MOST_SEVERE_FIRST) if verdict in now), len(_MOST_SEVERE_FIRST)
    )
    return most_severe, str(entry.details.get("expires_at", "")), entry.title.casefold(), entry.key


def next_time(now: datetime, *, hour: int, zone: ZoneInfo) -> datetime:
    """Return the first time after ``now`` at which it is ``hour`` o'clock in ``zone``."""
    local = now.astimezone(zone)
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    chosen = today if today > local else (today + timedelta(days=1))
    return chosen.astimezone(now.tzinfo)
