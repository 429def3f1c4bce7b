"""Evaluates an observation by the rules. Pure: the same observation and matrix always give the same verdicts."""

from __future__ import annotations

from collections.abc import Iterable

from .matrix import MATRIX, Matrix
from .observation import Observation
from .rule_table import RULES, Rule
from .verdict import MOST_SEVERE_FIRST, SEVERITY, Evaluation, Finding, Setup, setup_verdict

__all__ = ["MOST_SEVERE_FIRST", "RULES", "Rule", "evaluate", "most_severe_first", "rule"]

_ORDER = {entry.id: position for position, entry in enumerate(RULES)}
_FUNCTIONS = tuple(entry.function for entry in RULES)
_NOT_MDM, _NOT_NON_MDM = (frozenset(entry.id for entry in RULES if setup not in entry.setups) for setup in Setup)


def evaluate(observation: Observation, matrix: Matrix = MATRIX) -> Evaluation:
    """Return the verdicts of both setups with all findings, most severe first. Never raises for an observation."""
    by_severity: tuple[list[Finding], ...] = tuple([] for _ in MOST_SEVERE_FIRST)
    for function in _FUNCTIONS:
        finding = function(observation, matrix)
        if finding is not None:
            by_severity[SEVERITY[finding.outcome]].append(finding)
    findings = [finding for equally_severe in by_severity for finding in equally_severe]
    mdm = tuple([finding for finding in findings if finding.rule not in _NOT_MDM])
    non_mdm = tuple([finding for finding in findings if finding.rule not in _NOT_NON_MDM])
    return Evaluation(setup_verdict(Setup.MDM, mdm), setup_verdict(Setup.NON_MDM, non_mdm), matrix.name)


def most_severe_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by severity, then in the order of ``RULES``; findings of deleted rules come last."""
    return tuple(
        sorted(findings, key=lambda finding: (SEVERITY[finding.outcome], _ORDER.get(finding.rule, len(RULES))))
    )


def rule(id: str) -> Rule:
    """Return the rule by its id. Raises KeyError: stored findings may name a deleted rule."""
    return RULES[_ORDER[id]]
