"""Findings of a check run for display: grouped by setup, problems first, each with the title and source of its rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rollout.compatibility.next_steps import findings_to_fix
from rollout.compatibility.rules import rule
from rollout.compatibility.verdict import Outcome
from rollout.models import Finding

from . import messages


@dataclass(frozen=True)
class FindingRow:
    """A finding with the title and source URL of its rule; both are empty if the rule no longer exists."""

    finding: Finding
    title: str
    source: str


@dataclass(frozen=True)
class SetupFindings:
    """The findings of one setup.

    ``serious``: prevents the setup from being ready, or may do so, and must be fixed first. ``later``: may disappear
    when those are fixed, or can be evaluated only afterward. ``shared``: also prevents the setup from being ready, but
    is already shown for the other setup. ``warnings``: does not affect readiness. ``passed``: the rest.
    """

    id: str
    name: Any
    verdict: str
    sentence: str
    serious: list[FindingRow]
    later: list[FindingRow]
    shared: list[FindingRow]
    warnings: list[FindingRow]
    passed: list[FindingRow]


def setups(mdm_verdict: str, non_mdm_verdict: str, findings: Iterable[Finding]) -> list[SetupFindings]:
    """Return both setups with the findings of one run, most severe first as they were stored."""
    rows = list(findings)
    with_mdm = _setup("mdm", mdm_verdict, rows)
    already_shown = {_content(row.finding) for row in [*with_mdm.serious, *with_mdm.later]}
    return [with_mdm, _setup("non_mdm", non_mdm_verdict, rows, already_shown)]


def _content(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.outcome, messages.finding_sentence(finding), messages.finding_remedy(finding)


def _setup(setup: str, verdict: str, rows: list[Finding], already_shown: Collection[object] = ()) -> SetupFindings:
    own = sorted((row for row in rows if row.setup == setup), key=lambda row: row.position)
    shown = [_row(finding) for finding in own]
    problems = [row for row in shown if row.finding.outcome not in {Outcome.PASS, Outcome.WARNING}]
    unshared = [row for row in problems if _content(row.finding) not in already_shown]
    first = {finding.rule for finding in findings_to_fix(own)}
    return SetupFindings(
        id=setup,
        name=messages.SETUP_NAMES[setup],
        verdict=verdict,
        sentence=messages.setup_sentence(setup, verdict, own),
        serious=[row for row in unshared if row.finding.rule in first],
        later=[row for row in unshared if row.finding.rule not in first],
        shared=[row for row in problems if _content(row.finding) in already_shown],
        warnings=[row for row in shown if row.finding.outcome == Outcome.WARNING],
        passed=[row for row in shown if row.finding.outcome == Outcome.PASS],
    )


def _row(finding: Finding) -> FindingRow:
    try:
        known = rule(finding.rule)
    except KeyError:
        return FindingRow(finding, "", "")
    return FindingRow(finding, _(known.title), known.source)
