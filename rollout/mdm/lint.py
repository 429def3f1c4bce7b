"""Finds what the chosen MDM would replace in a site list. Pure.

The app reads the list after the MDM has had its hands on it, so what counts is the raw text: a variable written with
JSON escapes survives, and is reported only so that nobody is surprised.
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

from .reading import refuse_length
from .site_entry import SiteEntry
from .site_list import build_site_list
from .variables import STRING, VENDORS, Vendor
from .vendor_formats import FORMATS


class Severity(StrEnum):
    ERROR = "error"  # the chosen vendor changes the list
    WARNING = "warning"  # some vendor would
    INFO = "info"  # it looks like a variable, and is protected


@dataclass(frozen=True)
class LintFinding:
    """``message`` is an English sentence with ``%(name)s`` places for ``values``: the message id the web translates."""

    code: str
    severity: Severity
    message: str
    values: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.values


MAX_FINDINGS = 1000  # looked at before equal ones are merged; hostile text could have a million

_ADJACENT = re.compile(r"\{\{|\}\}")
_SUSPECT = re.compile(r"[{$%\\]")  # every variable of every vendor holds one of these, or an escape of one
_EXPANDS = _("%(vendor)s would replace %(found)s in %(field)s before phones receive it. Enter the final text.")
_ESCAPED = _("%(found)s in %(field)s looks like a variable of %(vendor)s. It is escaped, so phones show it unchanged.")


def lint(text_or_entries: str | Iterable[SiteEntry], format_id: str) -> tuple[LintFinding, ...]:
    """What the vendor of a format would replace in a pasted text, or in the list built from entries; gravest first.

    A format for any vendor is looked at with all of them. Text need not be a valid list: ``parse_site_list`` says
    whether it is. Raises ValueError for an unknown format, SiteListError for entries that cannot be built and for
    text of more than eight million characters.
    """
    if format_id not in FORMATS:
        raise ValueError(f"unknown format: {format_id!r}")
    if isinstance(text_or_entries, str):
        refuse_length(text := text_or_entries)
    else:
        text = build_site_list(text_or_entries)
    vendor_id = FORMATS[format_id].vendor
    vendors = (VENDORS[vendor_id],) if vendor_id in VENDORS else tuple(VENDORS.values())
    severity = Severity.ERROR if len(vendors) == 1 else Severity.WARNING
    every = chain(_adjacent_braces(text, vendors, severity), _variables(text, vendors, severity))
    different = {(finding.code, *finding.values.values()): finding for finding in islice(every, MAX_FINDINGS)}
    return tuple(sorted(different.values(), key=lambda finding: list(Severity).index(finding.severity)))


def _adjacent_braces(text: str, vendors: tuple[Vendor, ...], severity: Severity) -> Iterator[LintFinding]:
    """Intune takes any ``{{`` or ``}}`` for its own, also two that close JSON objects or stand alone in a title."""
    if VENDORS["intune"] in vendors and (found := _ADJACENT.search(_without_variables(text))):
        yield LintFinding(
            "BRACES-ADJACENT",
            severity,
            _(
                "Two adjacent braces (%(found)s at character %(position)s) are a variable in %(vendor)s. Put a space "
                "between them."
            ),
            {"found": found[0], "position": str(found.start() + 1), "vendor": VENDORS["intune"].name},
        )


def _without_variables(text: str) -> str:
    """The text with Intune's variables inside strings blanked: they get a finding of their own. Positions stay."""
    variables = VENDORS["intune"].variables
    return STRING.sub(lambda string: variables.sub(lambda found: " " * len(found[0]), string[0]), text)


def _variables(text: str, vendors: tuple[Vendor, ...], severity: Severity) -> Iterator[LintFinding]:
    for field_name, raw in _strings(text):
        if not _SUSPECT.search(raw):
            continue
        decoded = _decoded(raw)
        for vendor in vendors:
            if found := vendor.variables.search(raw):
                values = {"field": field_name, "found": shown(found[0]), "vendor": vendor.name}
                yield LintFinding("VENDOR-EXPANDS", severity, _EXPANDS, values)
            elif found := vendor.variables.search(decoded):
                values = {"field": field_name, "found": shown(found[0]), "vendor": vendor.name}
                yield LintFinding("VENDOR-ESCAPED", Severity.INFO, _ESCAPED, values)


def _strings(text: str) -> Iterator[tuple[str, str]]:
    """``(key, raw string)`` of every string value; the key is the nearest one before it."""
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
