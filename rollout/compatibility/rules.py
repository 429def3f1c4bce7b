"""The rules, and the judgement they make of an observation. Pure: the same observation always gets the same verdict."""

from __future__ import annotations

from collections.abc import Iterable

from .matrix import MATRIX, Matrix
from .observation import Observation
from .rule_table import RULES, Rule
from .verdict import GRAVEST_FIRST, GRAVITY, Finding, Judgement, Road, road_verdict

__all__ = ["GRAVEST_FIRST", "RULES", "Rule", "gravest_first", "judge", "rule"]

_ORDER = {entry.id: position for position, entry in enumerate(RULES)}
_FUNCTIONS = tuple(entry.function for entry in RULES)
_NOT_MDM, _NOT_NON_MDM = (frozenset(entry.id for entry in RULES if road not in entry.roads) for road in Road)


def judge(observation: Observation, matrix: Matrix = MATRIX) -> Judgement:
    """The verdict of both roads with every finding, gravest first. Total: any observation gets one."""
    by_gravity: tuple[list[Finding], ...] = tuple([] for _ in GRAVEST_FIRST)
    for ask in _FUNCTIONS:
        finding = ask(observation, matrix)
        if finding is not None:
            by_gravity[GRAVITY[finding.outcome]].append(finding)
    found = [finding for equally_grave in by_gravity for finding in equally_grave]
    mdm = tuple([finding for finding in found if finding.rule not in _NOT_MDM])
    non_mdm = tuple([finding for finding in found if finding.rule not in _NOT_NON_MDM])
    return Judgement(road_verdict(Road.MDM, mdm), road_verdict(Road.NON_MDM, non_mdm), matrix.name)


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by gravity, then in the order of ``RULES``; findings of rules that are gone come last."""
    return tuple(sorted(findings, key=lambda found: (GRAVITY[found.outcome], _ORDER.get(found.rule, len(RULES)))))


def rule(id: str) -> Rule:
    """The rule called ``id``. Raises KeyError: stored findings may name a rule that is gone."""
    return RULES[_ORDER[id]]
