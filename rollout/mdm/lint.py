"""Find the variables in a site list that the chosen MDM would replace. Pure.

The app reads the list after the MDM has replaced variables, so the raw text counts: a variable with JSON escapes is not
replaced and is reported for information only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice

from rollout.formats.site_cells import shown
from rollout.message_ids import gettext_noop as _

from .reading import check_length
from .site_entry import SiteEntry
from .site_list import build_site_list
from .variables import STRING, VENDORS, Vendor
from .vendor_formats import FORMATS


class Severity(StrEnum):
    ERROR = "error"  # the chosen MDM changes the list
    WARNING = "warning"  # at least one MDM would change it
    INFO = "info"  # looks like a variable but is escaped


@dataclass(frozen=True)
class LintFinding:
    """``message`` is a message id with ``%(name)s`` placeholders for ``values``."""

    code: str
    severity: Severity
    message: str
    values: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.values


MAX_FINDINGS = 1000  # before duplicates are merged, because untrusted text can contain millions

_ADJACENT = re.compile(r"\{\{|\}\}")
_SKIP_INFO = re.compile(r'"skipInfo"\s*:')
_SKIPS = _(
    "The list contains skipInfo, with which the app does not request info/login. Gatepass keeps it. Atlassian "
    "described it in 2021, before OAuth 2.0, so try it on one phone."
)
_SUSPECT = re.compile(r"[{$%\\]")  # every variable contains one of these, or an escape of one
_EXPANDS = _("%(vendor)s would replace %(found)s in %(field)s before phones receive it. Enter the final text.")
_ESCAPED = _("%(found)s in %(field)s looks like a variable of %(vendor)s. It is escaped, so phones show it unchanged.")


def lint(text_or_entries: str | Iterable[SiteEntry], format_id: str) -> tuple[LintFinding, ...]:
    """Return what a format's MDM would replace in a text, or in the list built from entries; most severe first.

    A format for any MDM is checked with the variables of all of them. The text need not be a valid site list. Raises
    ValueError for an unknown format, SiteListError for entries that cannot be built or text longer than ``MAX_LENGTH``.
    """
    if format_id not in FORMATS:
        raise ValueError(f"unknown format: {format_id!r}")
    if isinstance(text_or_entries, str):
        check_length(text := text_or_entries)
    else:
        text = build_site_list(text_or_entries)
    vendor_id = FORMATS[format_id].vendor
    vendors = (VENDORS[vendor_id],) if vendor_id in VENDORS else tuple(VENDORS.values())
    severity = Severity.ERROR if len(vendors) == 1 else Severity.WARNING
    findings = chain(_adjacent_braces(text, vendors, severity), _variables(text, vendors, severity), _skip_info(text))
    unique = {(finding.code, *finding.values.values()): finding for finding in islice(findings, MAX_FINDINGS)}
    return tuple(sorted(unique.values(), key=lambda finding: list(Severity).index(finding.severity)))


def _adjacent_braces(text: str, vendors: tuple[Vendor, ...], severity: Severity) -> Iterator[LintFinding]:
    """Intune reserves every ``{{`` and ``}}``, including those that close JSON objects or stand alone in a title."""
    if VENDORS["intune"] in vendors and (match := _ADJACENT.search(_without_variables(text))):
        yield LintFinding(
            "BRACES-ADJACENT",
            severity,
            _(
                "Two adjacent braces (%(found)s at character %(position)s) are a variable in %(vendor)s. Put a space "
                "between them."
            ),
            {"found": match[0], "position": str(match.start() + 1), "vendor": VENDORS["intune"].name},
        )


def _skip_info(text: str) -> Iterator[LintFinding]:
    if _SKIP_INFO.search(text):
        yield LintFinding("SKIP-INFO", Severity.INFO, _SKIPS)


def _without_variables(text: str) -> str:
    """Blank out Intune variables inside strings, which have their own finding; positions do not change."""
    variables = VENDORS["intune"].variables
    return STRING.sub(lambda string: variables.sub(lambda match: " " * len(match[0]), string[0]), text)


def _variables(text: str, vendors: tuple[Vendor, ...], severity: Severity) -> Iterator[LintFinding]:
    for field_name, raw in _strings(text):
        if not _SUSPECT.search(raw):
            continue
        decoded = _decoded(raw)
        for vendor in vendors:
            if match := vendor.variables.search(raw):
                values = {"field": field_name, "found": shown(match[0]), "vendor": vendor.name}
                yield LintFinding("VENDOR-EXPANDS", severity, _EXPANDS, values)
            elif match := vendor.variables.search(decoded):
                values = {"field": field_name, "found": shown(match[0]), "vendor": vendor.name}
                yield LintFinding("VENDOR-ESCAPED", Severity.INFO, _ESCAPED, values)


def _strings(text: str) -> Iterator[tuple[str, str]]:
    """Yield ``(key, raw string)`` for each string value; the key is the nearest one before it."""
    key = ""
    for match in STRING.finditer(text):
        if text[match.end() : match.end() + 20].lstrip().startswith(":"):
            key = shown(match[0][1:-1])
        else:
            yield key, match[0]


def _decoded(raw: str) -> str:
    try:
        return str(json.loads(raw, strict=False))
    except ValueError:
        return raw
