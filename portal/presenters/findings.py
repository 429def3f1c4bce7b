"""The findings of a run as a page shows them: a road each, trouble first, each with its rule's title and source."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rollout.compatibility.rules import rule
from rollout.compatibility.verdict import Outcome
from rollout.compatibility.what_to_do import first_things
from rollout.models import Finding

from . import messages


@dataclass(frozen=True)
class Shown:
    """One finding with the title of its rule and the page the rule comes from; both empty for a rule that is gone."""

    finding: Finding
    title: str
    source: str


@dataclass(frozen=True)
class SetupFindings:
    """``serious`` keeps the road from being ready, or may, and is to be done first; ``later`` is what that settles, or
    what can only be judged after it. ``shared`` keeps it too, and is told with the other road.

    ``warnings`` keep nothing from being ready; ``passed`` is the rest.
    """

    id: str
    name: Any
    verdict: str
    sentence: str
    serious: list[Shown]
    later: list[Shown]
    shared: list[Shown]
    warnings: list[Shown]
    passed: list[Shown]


def setups(mdm_verdict: str, non_mdm_verdict: str, findings: Iterable[Finding]) -> list[SetupFindings]:
    """Both roads with the findings of one run, gravest first as they were stored."""
    rows = list(findings)
    with_mdm = _setup("mdm", mdm_verdict, rows)
    told = {_said(shown.finding) for shown in [*with_mdm.serious, *with_mdm.later]}
    return [with_mdm, _setup("non_mdm", non_mdm_verdict, rows, told)]


def _said(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.outcome, messages.finding_sentence(finding), messages.finding_remedy(finding)


def _setup(setup: str, verdict: str, rows: list[Finding], told: Collection[object] = ()) -> SetupFindings:
    mine = sorted((row for row in rows if row.setup == setup), key=lambda row: row.position)
    shown = [_shown(row) for row in mine]
    against = [row for row in shown if row.finding.outcome not in {Outcome.PASS, Outcome.WARNING}]
    own = [row for row in against if _said(row.finding) not in told]
    first = {finding.rule for finding in first_things(mine)}
    return SetupFindings(
        id=setup,
        name=messages.SETUP_NAMES[setup],
        verdict=verdict,
        sentence=messages.setup_sentence(setup, verdict, mine),
        serious=[row for row in own if row.finding.rule in first],
        later=[row for row in own if row.finding.rule not in first],
        shared=[row for row in against if _said(row.finding) in told],
        warnings=[row for row in shown if row.finding.outcome == Outcome.WARNING],
        passed=[row for row in shown if row.finding.outcome == Outcome.PASS],
    )


def _shown(finding: Finding) -> Shown:
    try:
        known = rule(finding.rule)
    except KeyError:
        return Shown(finding, "", "")
    return Shown(finding, _(known.title), known.source)
