"""Data for the check of an app configuration: what was recognized, the findings, and the repair as a diff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rollout.mdm.checked_configuration import CheckedConfiguration
from rollout.mdm.containers import CONTAINERS
from rollout.mdm.list_findings import ListFinding, Severity
from rollout.mdm.repair_diff import RepairDiff, diff_repair
from rollout.mdm.site_entry import SiteEntry

from .configurations import MAX_VALUE_LENGTH
from .messages import sentence

SEVERITIES: dict[Severity, tuple[str, Promise]] = {
    Severity.UNREADABLE: ("bad", gettext_lazy("Not readable for the app or the MDM")),
    Severity.UNKNOWN_EFFECT: ("warn", gettext_lazy("Effect unknown or depends on the MDM")),
    Severity.STYLE: ("info", gettext_lazy("Style")),
}
MAX_ENTRIES = 100


@dataclass(frozen=True)
class FindingRow:
    """``tone`` is that of an icon. ``state`` is whether the finding is repaired; empty if it needs no repair."""

    id: str
    tone: str
    sentence: str
    remedy: str
    place: str
    state: str


@dataclass(frozen=True)
class FindingGroup:
    heading: str
    rows: list[FindingRow]


def checked_context(result: CheckedConfiguration) -> dict[str, Any]:
    """Return the template context of a checked configuration."""
    sites = list(result.sites or ())
    needs_repair = bool(result.findings) and result.repaired is not None
    value = result.repaired if needs_repair and result.repaired else ""
    return {
        "checked": result,
        "headline": _headline(result),
        "recognized": " › ".join(_(CONTAINERS[container]) for container in result.containers),
        "groups": _groups(result),
        "diff": diff_repair(result.before, value) if value and result.before else RepairDiff((), False),
        "value": value if len(value) <= MAX_VALUE_LENGTH else "",
        "is_too_long": len(value) > MAX_VALUE_LENGTH,
        "entries": [_entry(site) for site in sites[:MAX_ENTRIES]],
        "count": len(sites),
    }


def _headline(result: CheckedConfiguration) -> tuple[str, str, str]:
    """Return the kind, title and text of the note above the findings."""
    count = len(result.findings) + result.not_listed
    open_count = sum(finding.blocks and not finding.repaired for finding in result.findings)
    if result.readable and not count:
        return "ok", _("The configuration is usable. No findings."), ""
    found = ngettext("%(count)s finding", "%(count)s findings", count) % {"count": count}
    if result.readable:
        return "warn", _("The configuration is usable: %(findings)s.") % {"findings": found}, ""
    title = _("The configuration is not usable as it stands: %(findings)s.") % {"findings": found}
    if result.repaired is not None:
        return "bad", title, _("Gatepass repaired the list. Compare it below before you use it.")
    needed = ngettext(
        "It cannot be repaired without a guess: fix one finding yourself.",
        "It cannot be repaired without a guess: fix %(count)s findings yourself.",
        open_count,
    )
    return "bad", title, needed % {"count": open_count}


def _groups(result: CheckedConfiguration) -> list[FindingGroup]:
    groups = {severity: [f for f in result.findings if f.severity is severity] for severity in SEVERITIES}
    return [
        FindingGroup(
            str(SEVERITIES[severity][1]),
            [_row(finding, is_repaired=result.repaired is not None) for finding in findings],
        )
        for severity, findings in groups.items()
        if findings
    ]


def _row(finding: ListFinding, *, is_repaired: bool) -> FindingRow:
    place = _("line %(line)s, column %(column)s") % {"line": finding.line, "column": finding.column}
    if finding.entry:
        place = _("%(place)s, entry %(entry)s") % {"place": place, "entry": finding.entry}
    state = ""
    if finding.blocks and not finding.repaired:
        state = _("Cannot be repaired without a guess")
    elif finding.blocks:
        state = _("Repaired below") if is_repaired else _("Repaired when the others are fixed")
    tone = "bad" if finding.blocks else SEVERITIES[finding.severity][0]
    message, remedy = finding.kind.message, finding.kind.fix
    return FindingRow(
        finding.id, tone, sentence(message, finding.values), sentence(remedy, finding.values), place, state
    )


def _entry(site: dict[str, Any]) -> SiteEntry:
    oauth = site.get("oauth") or {}
    return SiteEntry(
        site["title"], site["baseURL"], oauth.get("clientID"), oauth.get("cacheSessionInMobileBrowser", False)
    )
