"""What the pages of configurations show: a format's text and faults, and what one list changes of another."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rollout.mdm.diff import SiteListDiff, diff_site_lists
from rollout.mdm.lint import lint
from rollout.mdm.site_entry import SiteEntry, SiteListError
from rollout.mdm.site_list import parse_site_list
from rollout.mdm.vendor_formats import Format
from rollout.models import ConfigurationRelease

from .messages import sentence

MOST_CHANGES = 50  # of each kind, on a page
LONGEST_VALUE = 262_144  # characters to copy from a page; a longer value is better taken as a file
_PLACE = re.compile(r"line (\d+), column (\d+)")
_AROUND = 60  # characters shown on each side of a fault


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a list. ``tone`` is a widget's; the line around the place is cut in three at the fault."""

    tone: str
    sentence: str
    code: str
    place: str = ""
    before: str = ""
    at: str = ""
    after: str = ""


@dataclass(frozen=True)
class Difference:
    """What a list changes of the release before it, cut to what a page can show."""

    release: ConfigurationRelease
    added: tuple[SiteEntry, ...]
    removed: tuple[SiteEntry, ...]
    changed: tuple[Any, ...]
    reordered: bool
    counts: dict[str, int]

    @property
    def is_empty(self) -> bool:
        return not (any(self.counts.values()) or self.reordered)

    @property
    def is_cut(self) -> bool:
        return any(count > MOST_CHANGES for count in self.counts.values())


def entries_of(release: ConfigurationRelease) -> list[SiteEntry]:
    """The entries of a release's stored text. Loopback sites pass: they were stored under this trial's settings."""
    return list(parse_site_list(release.site_list, allow_loopback_http=True))


def difference(release: ConfigurationRelease, before: list[SiteEntry], after: list[SiteEntry]) -> Difference:
    """What ``after`` changes of the entries ``before`` that came from ``release``."""
    found: SiteListDiff = diff_site_lists(before, after)
    return Difference(
        release=release,
        added=found.added[:MOST_CHANGES],
        removed=found.removed[:MOST_CHANGES],
        changed=found.changed[:MOST_CHANGES],
        reordered=found.reordered,
        counts={"added": len(found.added), "removed": len(found.removed), "changed": len(found.changed)},
    )


def configuration_page(site_list: str, chosen: Format) -> dict[str, Any]:
    """The chosen format's part of the page: its value, where it goes and what its vendor would replace."""
    text = chosen.build(site_list)
    return {
        "chosen": chosen,
        "click_path": _(chosen.where),
        "value": text.rstrip("\n") if len(text) <= LONGEST_VALUE else "",
        "is_one_line": "\n" not in text.rstrip("\n"),
        "seen": hashlib.sha256(site_list.encode()).hexdigest(),
        "faults": vendor_faults(site_list, chosen.id),
    }


def vendor_faults(site_list: str, format_id: str) -> list[Fault]:
    """What the vendor of a format would do to the list, in sentences."""
    tones = {"error": "bad", "warning": "warn", "info": "info"}
    return [
        Fault(tones[finding.severity.value], sentence(finding.message, finding.values), finding.code)
        for finding in lint(site_list, format_id)
    ]


def look_at(text: str, format_id: str, *, allow_loopback_http: bool) -> tuple[list[Fault], list[SiteEntry]]:
    """Faults and entries of a pasted list; no entries when it cannot be read."""
    try:
        entries = list(parse_site_list(text, allow_loopback_http=allow_loopback_http))
    except SiteListError as error:
        before, at, after = _excerpt(text, error.where)
        fault = Fault("bad", sentence(error.message, error.values), error.code, _place(error.where), before, at, after)
        return [fault], []
    return vendor_faults(text, format_id), entries


def _place(where: str) -> str:
    found = _PLACE.fullmatch(where)
    if not found:
        return where
    return _("line %(line)s, column %(column)s") % {"line": found[1], "column": found[2]}


def _excerpt(text: str, where: str) -> tuple[str, str, str]:
    """The text around line and column, cut before and after the character that is wrong; empty without a place."""
    found = _PLACE.fullmatch(where)
    if not found:
        return "", "", ""
    lines = text.removeprefix("\ufeff").split("\n")
    number, column = int(found[1]) - 1, int(found[2]) - 1
    line = lines[number].rstrip("\r") if number < len(lines) else ""
    return (
        line[max(0, column - _AROUND) : column],
        line[column : column + 1] or "⏎",
        line[column + 1 : column + _AROUND],
    )
