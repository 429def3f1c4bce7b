"""The findings of a run as a page shows them: a road each, trouble first, each with its rule's title and source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rollout.compatibility.rules import rule
from rollout.compatibility.verdict import Outcome
from rollout.models import Finding

from . import wording


@dataclass(frozen=True)
class Shown:
    """One finding with the title of its rule and the page the rule comes from; both empty for a rule that is gone."""

    finding: Finding
    title: str
    source: str


@dataclass(frozen=True)
class RoadFindings:
    """``serious`` is what keeps the road from being ready, or may; ``passed`` is the rest."""

    id: str
    name: Any
    verdict: str
    sentence: str
    serious: list[Shown]
    passed: list[Shown]


def roads(mdm_verdict: str, non_mdm_verdict: str, findings: Iterable[Finding]) -> list[RoadFindings]:
    """Both roads with the findings of one run, gravest first as they were stored."""
    rows = list(findings)
    return [_road(road, verdict, rows) for road, verdict in (("mdm", mdm_verdict), ("non_mdm", non_mdm_verdict))]


def _road(road: str, verdict: str, rows: list[Finding]) -> RoadFindings:
    mine = sorted((row for row in rows if row.road == road), key=lambda row: row.position)
    shown = [_shown(row) for row in mine]
    return RoadFindings(
        id=road,
        name=wording.ROAD_NAMES[road],
        verdict=verdict,
        sentence=wording.road_sentence(road, verdict, mine),
        serious=[row for row in shown if row.finding.outcome != Outcome.PASS],
        passed=[row for row in shown if row.finding.outcome == Outcome.PASS],
    )


def _shown(finding: Finding) -> Shown:
    try:
        known = rule(finding.rule)
    except KeyError:
        return Shown(finding, "", "")
    return Shown(finding, _(known.title), known.source)
