"""Findings of a check run for display: by setup, problems first, and no sentence twice on a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from rollout.compatibility.next_steps import findings_to_fix
from rollout.compatibility.observation import NEVER_SENT
from rollout.compatibility.rules import rule
from rollout.compatibility.verdict import Outcome
from rollout.models import Finding

from . import messages

# Parts of an observation that a person entered; rules that read them have findings without a request.
ENTERED = frozenset({"base_url", "client_certificate", "links", "phone_results", "plugins", "product"})
NO_REQUEST = ENTERED | {"tls"}
NOT_SENT = "no response (not_sent)"
WITHOUT_EVIDENCE = frozenset(f"no response ({error})" for error in NEVER_SENT)


@dataclass(frozen=True)
class FindingRow:
    """A finding with the title and source URL of its rule; for a deleted rule its ID, and no source.

    ``anchor`` is the ID of its element, empty if an earlier row of the page has it. ``same_sentence`` and
    ``same_remedy`` are the earlier rows that already show its sentence or its remedy. ``basis`` is ``request``,
    ``entered`` (values that a person entered) or empty.
    """

    finding: Finding
    title: str
    source: str
    anchor: str
    same_sentence: FindingRow | None = None
    same_remedy: FindingRow | None = None

    @property
    def basis(self) -> str:
        if self.finding.asked:
            return "" if self.finding.answered in WITHOUT_EVIDENCE else "request"
        return "entered" if _reads(self.finding, ENTERED) else ""


@dataclass(frozen=True)
class SetupFindings:
    """The findings of one setup.

    ``serious``: decides the verdict and must be fixed first. ``later``: less severe, or may disappear when those are
    fixed, or can be evaluated only afterward. ``shared``: also keeps the setup from being ready, but is shown for the
    other setup. ``warnings``: does not affect readiness. ``passed``: the rest. ``repeated`` counts warnings and passed
    rules that are shown for the other setup.
    """

    id: str
    name: Any
    verdict: str
    serious: list[FindingRow] = field(default_factory=list)
    later: list[FindingRow] = field(default_factory=list)
    shared: list[FindingRow] = field(default_factory=list)
    warnings: list[FindingRow] = field(default_factory=list)
    passed: list[FindingRow] = field(default_factory=list)
    repeated: int = 0

    @property
    def is_evaluated(self) -> bool:
        return bool(self.serious or self.later or self.shared or self.warnings or self.passed or self.repeated)


def setups(mdm_verdict: str, non_mdm_verdict: str, findings: Iterable[Finding]) -> list[SetupFindings]:
    """Return both setups with the findings of one run, most severe first as they were stored.

    Findings that ``unchecked`` returns are left out.
    """
    rows = list(findings)
    own = {name: sorted(_of(rows, name), key=lambda row: row.position) for name in ("mdm", "non_mdm")}
    first = {name: _to_fix(own[name]) for name in own}
    page = _Page()
    # What decides is placed first, so that it is never folded away as a repetition.
    serious = {name: page.place(name, [row for row in own[name] if row.rule in first[name]]) for name in own}
    result = []
    for name, verdict in (("mdm", mdm_verdict), ("non_mdm", non_mdm_verdict)):
        rest = [row for row in own[name] if row.rule not in first[name] and not _is_unchecked(row)]
        by_outcome = {
            kind: [row for row in rest if (row.outcome if row.outcome in _HARMLESS else "") == kind]
            for kind in ("", *_HARMLESS)
        }
        problems = [row for row in own[name] if row.rule in first[name]] + by_outcome[""]
        later = page.place(name, by_outcome[""])
        warnings, passed = (page.place(name, by_outcome[kind]) for kind in _HARMLESS)
        result.append(
            SetupFindings(
                id=name,
                name=messages.SETUP_NAMES[name],
                verdict=verdict,
                serious=serious[name],
                later=later,
                shared=page.shown_elsewhere(name, problems),
                warnings=warnings,
                passed=passed,
                repeated=sum(len(by_outcome[kind]) for kind in _HARMLESS) - len(warnings) - len(passed),
            )
        )
    return result


def unchecked(findings: Iterable[Finding]) -> list[FindingRow]:
    """Return one row for each rule that was not checked because an earlier request of the check failed."""
    rows = list(findings)
    fixed = {row.rule for name in ("mdm", "non_mdm") for row in rows if row.rule in _to_fix(_of(rows, name))}
    by_rule = {row.rule: row for row in rows if _is_unchecked(row) and row.rule not in fixed}
    return [_row(row, anchor=_anchor(row)) for row in by_rule.values()]


_HARMLESS = (Outcome.WARNING.value, Outcome.PASS.value)


def _of(findings: list[Finding], setup: str) -> list[Finding]:
    return [row for row in findings if row.setup == setup]


def _to_fix(findings: list[Finding]) -> set[str]:
    """Return the rules that decide: those to fix first, as severe as the most severe one.

    A rule that was not checked is among them only if there is no other.
    """
    first = findings_to_fix(findings)
    checked = [row for row in first if not _is_unchecked(row)] or list(first)
    return {row.rule for row in checked if row.outcome == checked[0].outcome}


def _is_unchecked(finding: Finding) -> bool:
    """Whether the finding states only that its request was not sent."""
    if finding.outcome != Outcome.UNKNOWN:
        return False
    return finding.answered == NOT_SENT or (not finding.asked and not _reads(finding, NO_REQUEST))


def _reads(finding: Finding, parts: frozenset[str]) -> bool:
    """Whether the rule of the finding reads one of these parts of an observation."""
    try:
        return not parts.isdisjoint(rule(finding.rule).needs)
    except KeyError:
        return False


class _Page:
    """The findings that a page shows so far, each with the setup it is shown for."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, ...], tuple[str, FindingRow]] = {}
        self._sentences: dict[str, FindingRow] = {}
        self._remedies: dict[str, FindingRow] = {}
        self._anchors: set[str] = set()

    def place(self, setup: str, findings: Iterable[Finding]) -> list[FindingRow]:
        """Return rows for the findings that the page does not show yet."""
        return [self._place(setup, finding) for finding in findings if _content(finding) not in self._rows]

    def _place(self, setup: str, finding: Finding) -> FindingRow:
        _rule, _outcome, sentence, remedy = _content(finding)
        anchor = _anchor(finding)
        row = _row(
            finding,
            anchor="" if anchor in self._anchors else anchor,
            same_sentence=self._sentences.get(sentence),
            same_remedy=self._remedies.get(remedy) if remedy else None,
        )
        self._anchors.add(anchor)
        self._rows[_content(finding)] = setup, row
        self._sentences.setdefault(sentence, row)
        self._remedies.setdefault(remedy, row)
        return row

    def shown_elsewhere(self, setup: str, findings: Iterable[Finding]) -> list[FindingRow]:
        """Return the rows of the other setup that show these findings."""
        placed = [self._rows[_content(finding)] for finding in findings]
        return [row for shown_for, row in placed if shown_for != setup]


def _content(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.outcome, messages.finding_sentence(finding), messages.finding_remedy(finding)


def _anchor(finding: Finding) -> str:
    return f"rule-{finding.rule.lower()}"


def _row(finding: Finding, **fields: Any) -> FindingRow:
    try:
        known = rule(finding.rule)
    except KeyError:
        return FindingRow(finding, finding.rule, "", **fields)
    return FindingRow(finding, _(known.title), known.source, **fields)
