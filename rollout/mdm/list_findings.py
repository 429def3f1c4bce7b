"""A finding in an app configuration: what is wrong, where, and what to do. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .source_text import SourceText


class Severity(StrEnum):
    UNREADABLE = "unreadable"  # the MDM or the app cannot read the list
    UNKNOWN_EFFECT = "unknown_effect"  # not documented, or it depends on the MDM
    STYLE = "style"  # it works


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    ``message`` and ``fix`` are message ids. A list with a finding that ``blocks`` is not usable as it stands.
    ``repaired`` is whether a repair needs no guess.
    """

    severity: Severity
    message: str
    fix: str
    blocks: bool = True
    repaired: bool = True


@dataclass(frozen=True)
class ListFinding:
    """``line``, ``column`` and ``entry`` count from 1; ``entry`` is None for the whole list."""

    id: str
    kind: Kind
    line: int
    column: int
    entry: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    repaired: bool = True

    @property
    def severity(self) -> Severity:
        return self.kind.severity

    @property
    def blocks(self) -> bool:
        return self.kind.blocks

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "severity": self.severity.value,
            "line": self.line,
            "column": self.column,
            "entry": self.entry,
            "message": self.kind.message % self.values,
            "fix": self.kind.fix % self.values,
        }


@dataclass(slots=True)
class Fault:
    """A finding before its place is counted: ``offset`` in a text."""

    id: str
    source: SourceText
    offset: int
    entry: int | None
    values: Mapping[str, str]
    repaired: bool


class Faults:
    """Collects the faults of one configuration, at most ``LIMIT`` of each kind, because a list can have thousands."""

    LIMIT = 100

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._counts: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.is_usable = True  # as it stands
        self.is_repairable = True

    def add(
        self,
        kind_id: str,
        source: SourceText,
        offset: int,
        *,
        entry: int | None = None,
        repaired: bool | None = None,
        values: Mapping[str, str] | None = None,
        **named: str,
    ) -> None:
        """Add a fault. ``values`` or ``named`` are those of its message; ``repaired`` overrides that of its kind."""
        kind = self._kinds[kind_id]
        repairable = kind.repaired if repaired is None else repaired
        if kind.blocks:
            self.is_usable = False
            self.is_repairable &= repairable
        self._counts[kind_id] += 1
        if self._counts[kind_id] <= self.LIMIT:
            self.faults.append(Fault(kind_id, source, offset, entry, values or named, repairable))

    def trial(self) -> Faults:
        """Return an empty collector for an attempt, whose faults count only after ``merge``."""
        return Faults(self._kinds)

    def merge(self, other: Faults) -> None:
        self._counts += other._counts
        self.faults += other.faults
        self.is_usable &= other.is_usable
        self.is_repairable &= other.is_repairable

    @property
    def not_listed(self) -> int:
        return self._counts.total() - len(self.faults)

    def findings(self) -> tuple[ListFinding, ...]:
        """Return the findings, the most severe first, then in the order of the text."""
        findings = [
            ListFinding(
                fault.id,
                self._kinds[fault.id],
                *fault.source.place(fault.offset),
                fault.entry,
                fault.values,
                fault.repaired,
            )
            for fault in self.faults
        ]
        order = list(Severity)
        return tuple(sorted(findings, key=lambda found: (order.index(found.severity), found.line, found.column)))
