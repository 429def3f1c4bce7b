"""Check an app configuration as a chain: container, value, entries, findings. Pure."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rollout.formats.site_cells import shown

from .containers import find_lists
from .entry_checks import check_entries
from .entry_objects import Checks
from .finding_kinds import KINDS
from .found_lists import Found, FoundList
from .list_findings import Faults, ListFinding
from .site_list import line_of
from .source_text import SourceText
from .variables import VENDORS, Vendor
from .vendor_formats import FORMATS

MAX_BYTES = 1_048_576
LARGE_VALUE = 262_144  # characters; Apple limits an asset to 1 MB, and values of Intune were seen cut off

_ADJACENT = re.compile(r"\{\{|\}\}")
_VARIABLE = re.compile(r"\{\{[^{}\"]*\}\}")
_SIGNED = re.compile(r"<\?xml(?:(?!</plist>|<\?xml).)*+</plist>", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MASK = '"•••"'


@dataclass(frozen=True)
class CheckedConfiguration:
    """The result of a check.

    ``readable`` is whether the configuration is usable as it stands. ``sites`` are the entries, repaired where that
    needs no guess; None if more than that is needed. ``before`` is the text of the list without secrets, and
    ``repaired`` the list as Gatepass writes it. ``not_listed`` findings are like others that are listed.
    """

    readable: bool
    containers: tuple[str, ...]
    sites: tuple[dict[str, Any], ...] | None
    kept_keys: tuple[str, ...]
    findings: tuple[ListFinding, ...]
    not_listed: int
    repaired: str | None
    before: str

    def as_json(self) -> dict[str, Any]:
        return {
            "readable": self.readable,
            "container": "/".join(self.containers) or None,
            "sites": None if self.sites is None else list(self.sites),
            "kept_keys": list(self.kept_keys),
            "findings": [finding.as_json() for finding in self.findings],
            "repaired": self.repaired,
        }


def check_configuration(data: bytes, format_id: str, *, allow_loopback_http: bool = False) -> CheckedConfiguration:
    """Check what was copied from an MDM, for the MDM of a format; ``json`` stands for any.

    Takes any bytes, and time in proportion to their number. Raises ValueError for an unknown format.
    """
    if format_id not in FORMATS:
        raise ValueError(f"unknown format: {format_id!r}")
    faults = Faults(KINDS)
    found = Found(faults)
    if len(data) > MAX_BYTES:
        faults.add("too-large", SourceText(""), 0)
    else:
        source = _decoded(data, faults)
        if faults.is_usable or not _CONTROL.search(source.text):
            find_lists(source, found)
        elif signed := _SIGNED.search(source.text):  # a signed profile
            find_lists(source.part(*signed.span()), found)
        else:
            faults.add("not-recognized", source, 0)  # a picture or an archive, for example
    lists = _distinct(found)
    checks = Checks(lists[0], faults) if lists else None
    sites = _check_list(checks, _vendors(format_id), allow_loopback_http) if checks else []
    is_whole = checks is not None and faults.is_repairable
    return CheckedConfiguration(
        readable=checks is not None and faults.is_usable,
        containers=tuple(found.containers),
        sites=tuple(sites) if is_whole else None,
        kept_keys=tuple(found.kept_keys),
        findings=faults.findings(),
        not_listed=faults.not_listed,
        repaired=line_of(sites) if is_whole else None,
        before=_masked(checks) if checks and is_whole else "",
    )


def _decoded(data: bytes, faults: Faults) -> SourceText:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or (b"\x00" in data[:2] and len(data) > 1):
        encoding = (
            "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
        )
        source = SourceText(data.decode(encoding, "replace"))
        faults.add("utf-16", source, 0)
        return source
    source = SourceText(data.decode("utf-8", "replace"))
    if "\ufffd" in source.text and not data.startswith(b"bplist0") and "\ufffd".encode() not in data:
        faults.add("not-utf-8", source, source.text.find("\ufffd"))
    if source.text.startswith("\ufeff"):
        faults.add("byte-order-mark", source, 0)
    return source


def _vendors(format_id: str) -> Sequence[Vendor]:
    vendor = VENDORS.get(FORMATS[format_id].vendor)
    return (vendor,) if vendor else tuple(VENDORS.values())


def _distinct(found: Found) -> list[FoundList]:
    """Return the lists, those with the same text once; more than one is a finding."""
    lists: dict[str, FoundList] = {}
    for item in found.lists:
        text = item.source.text[item.entries.start : item.entries.end] if item.is_text else f"{id(item)}"
        lists.setdefault(text, item)
    distinct = list(lists.values())
    if len(distinct) > 1:
        found.faults.add("several-configurations", distinct[1].source, distinct[1].entries.start)
    return distinct


def _check_list(checks: Checks, vendors: Sequence[Vendor], allow_loopback_http: bool) -> list[dict[str, Any]]:
    found, faults = checks.found, checks.faults
    starts = [entry.start for entry in found.entries.value]
    for fault in faults.faults:
        if (
            fault.source is found.source
            and fault.entry is None
            and found.entries.start < fault.offset < found.entries.end
        ):
            fault.entry = bisect_right(starts, fault.offset) or None
    sites = check_entries(checks, vendors, allow_loopback_http=allow_loopback_http)
    if found.is_text:
        if faults.is_usable:
            _check_json(found, faults)
        if VENDORS["intune"] in vendors:
            _check_braces(found, faults)
        if (size := found.entries.end - found.entries.start) > LARGE_VALUE:
            faults.add("large-value", found.source, found.entries.start, size=f"{size // 1024:,}")
    return sites


def _check_json(found: FoundList, faults: Faults) -> None:
    """Report what a strict parser rejects and the lenient reader did not notice."""
    try:
        json.loads(found.source.text)
    except json.JSONDecodeError as error:
        faults.add("not-json", found.source, error.pos, found=shown(found.source.text[error.pos : error.pos + 1]))


def _check_braces(found: FoundList, faults: Faults) -> None:
    """Intune reserves every ``{{`` and ``}}``, including those that close JSON objects or stand alone in a title."""
    text = found.source.text
    if not _ADJACENT.search(text):
        return
    blank = _VARIABLE.sub(lambda match: " " * len(match[0]), text)  # variables have findings of their own
    if match := _ADJACENT.search(blank, found.entries.start, found.entries.end):
        faults.add("adjacent-braces", found.source, match.start(), found=match[0])


def _masked(checks: Checks) -> str:
    """Return the text of the list with its secrets replaced; empty if it is no text."""
    if not checks.found.is_text:
        return ""
    text, at = checks.found.source.text, checks.found.entries.start
    pieces: list[str] = []
    for start, end in sorted(checks.secrets):
        pieces += (text[at:start], _MASK)
        at = end
    return "".join((*pieces, text[at : checks.found.entries.end]))
