"""Data for the configuration pages: a format's value and problems, and the changes between two site lists."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rollout.mdm.diff import SiteListDiff, diff_site_lists
from rollout.mdm.lint import lint
from rollout.mdm.site_entry import SiteEntry, SiteListError
from rollout.mdm.site_list import parse_site_list
from rollout.mdm.variables import VENDORS
from rollout.mdm.vendor_formats import Format
from rollout.models import ConfigurationRelease

from .messages import sentence

MAX_CHANGES = 50  # of each kind, on a page
MAX_VALUE_LENGTH = 262_144  # characters in a copy field; a longer value is only downloadable
_PLACE = re.compile(r"line (\d+), column (\d+)")
_EXCERPT_MARGIN = 60  # characters shown on each side of a problem


@dataclass(frozen=True)
class Problem:
    """One problem of a site list.

    ``tone`` is that of a status widget. ``before``, ``at``, and ``after`` are the line split at the wrong character.
    """

    tone: str
    sentence: str
    code: str
    place: str = ""
    before: str = ""
    at: str = ""
    after: str = ""


@dataclass(frozen=True)
class Difference:
    """The changes of a site list since a release, each kind limited to ``MAX_CHANGES``."""

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
        return any(count > MAX_CHANGES for count in self.counts.values())


def difference(release: ConfigurationRelease, before: Sequence[SiteEntry], after: Sequence[SiteEntry]) -> Difference:
    """Return the changes from the entries ``before``, which are those of ``release``, to the entries ``after``."""
    diff: SiteListDiff = diff_site_lists(before, after)
    return Difference(
        release=release,
        added=diff.added[:MAX_CHANGES],
        removed=diff.removed[:MAX_CHANGES],
        changed=diff.changed[:MAX_CHANGES],
        reordered=diff.reordered,
        counts={"added": len(diff.added), "removed": len(diff.removed), "changed": len(diff.changed)},
    )


def configuration_context(site_list: str, chosen: Format) -> dict[str, Any]:
    """Return the template context of the chosen format: its value, click path, and MDM variables in the list."""
    text = chosen.build(site_list)
    return {
        "chosen": chosen,
        "click_path": _(chosen.where),
        "vendor_name": VENDORS[chosen.vendor].name if chosen.vendor in VENDORS else "",
        "value": text.rstrip("\n") if len(text) <= MAX_VALUE_LENGTH else "",
        "is_one_line": "\n" not in text.rstrip("\n"),
        "seen": hashlib.sha256(site_list.encode()).hexdigest(),
        "problems": vendor_problems(site_list, chosen.id),
    }


def vendor_problems(site_list: str, format_id: str) -> list[Problem]:
    """Return the values that the format's MDM would replace in the list, or that look like its variables."""
    tones = {"error": "bad", "warning": "warn", "info": "info"}
    return [
        Problem(tones[finding.severity.value], sentence(finding.message, finding.values), finding.code)
        for finding in lint(site_list, format_id)
    ]


def check_site_list(text: str, format_id: str, *, allow_loopback_http: bool) -> tuple[list[Problem], list[SiteEntry]]:
    """Return the problems and entries of a pasted site list; no entries if the app cannot read it."""
    try:
        entries = list(parse_site_list(text, allow_loopback_http=allow_loopback_http))
    except SiteListError as error:
        before, at, after = _excerpt(text, error.where)
        message, place = sentence(error.message, error.values), _place(error.where)
        return [Problem("bad", message, error.code, place, before, at, after)], []
    return vendor_problems(text, format_id), entries


def _place(where: str) -> str:
    match = _PLACE.fullmatch(where)
    if not match:
        return where
    return _("line %(line)s, column %(column)s") % {"line": match[1], "column": match[2]}


def _excerpt(text: str, where: str) -> tuple[str, str, str]:
    """Return the text before, at, and after the wrong character; empty strings if ``where`` is not a position."""
    match = _PLACE.fullmatch(where)
    if not match:
        return "", "", ""
    lines = text.removeprefix("\ufeff").split("\n")
    number, column = int(match[1]) - 1, int(match[2]) - 1
    line = lines[number].rstrip("\r") if number < len(lines) else ""
    return (
        line[max(0, column - _EXCERPT_MARGIN) : column],
        line[column : column + 1] or "⏎",
        line[column + 1 : column + _EXCERPT_MARGIN],
    )
