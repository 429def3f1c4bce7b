"""One person's digest: notices grouped by kind and site, counted, the first ones named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from . import cool_down

MOST_NAMED = 20  # of each kind
KINDS = ("verdict", "client_id", "certificate", "sweep", "webhook")  # in this order
_MOST_SEVERE_FIRST = ("INCOMPATIBLE", "ACTION_NEEDED", "UNKNOWN")


@dataclass(frozen=True)
class Entry:
    """Everything that one digest says of one site (or sweep) under one kind."""

    kind: str
    key: str
    at: datetime
    details: dict[str, Any]
    site_id: int | None = None
    title: str = ""


@dataclass(frozen=True)
class Section:
    """One kind: ``count`` of sites or sweeps, the first of them, and how many ``more`` there are."""

    kind: str
    count: int
    named: tuple[Entry, ...] = field(default=())

    @property
    def more(self) -> int:
        return self.count - len(self.named)


def sections(entries: Iterable[Entry]) -> tuple[Section, ...]:
    """The sections of a digest, made of entries oldest first; of repeats one remains."""
    grouped: dict[str, dict[str, Entry]] = {kind: {} for kind in KINDS}
    for entry in entries:
        of_kind = grouped.setdefault(entry.kind, {})
        of_kind[entry.key] = _joined(of_kind.get(entry.key), entry)
    return tuple(
        Section(kind, len(found), tuple(sorted(found.values(), key=_order)[:MOST_NAMED]))
        for kind, found in grouped.items()
        if found
    )


def _joined(earlier: Entry | None, later: Entry) -> Entry:
    if earlier is None or later.kind != "verdict":
        return later
    details = cool_down.added(earlier.details, later.details)
    return Entry(later.kind, later.key, later.at, details, later.site_id, later.title)


def _order(entry: Entry) -> tuple[Any, ...]:
    """The gravest verdict first, the certificate that ends first; then by title."""
    now = entry.details.get("now", ())
    most_severe = next(
        (place for place, verdict in enumerate(_MOST_SEVERE_FIRST) if verdict in now), len(_MOST_SEVERE_FIRST)
    )
    return most_severe, str(entry.details.get("expires_at", "")), entry.title.casefold(), entry.key


def next_time(now: datetime, *, hour: int, zone: ZoneInfo) -> datetime:
    """The next time it is ``hour`` o'clock in ``zone``, after ``now``."""
    local = now.astimezone(zone)
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    chosen = today if today > local else (today + timedelta(days=1))
    return chosen.astimezone(now.tzinfo)
