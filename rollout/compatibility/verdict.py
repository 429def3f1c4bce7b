"""The vocabulary of a judgement: verdicts, outcomes, findings, and what a road's verdict is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .observation import Answer


class Setup(StrEnum):
    """The two ways a phone learns the client ID: from the MDM, or from the site's mobile plugin."""

    MDM = "mdm"
    NON_MDM = "non_mdm"


class Verdict(StrEnum):
    READY_MDM = "READY_MDM"
    READY_NON_MDM = "READY_NON_MDM"
    ACTION_NEEDED = "ACTION_NEEDED"
    INCOMPATIBLE = "INCOMPATIBLE"
    UNKNOWN = "UNKNOWN"


class Outcome(StrEnum):
    """What one rule found. WARNING never changes a verdict."""

    PASS = "PASS"  # noqa: S105
    WARNING = "WARNING"
    UNKNOWN = "UNKNOWN"
    ACTION_NEEDED = "ACTION_NEEDED"
    INCOMPATIBLE = "INCOMPATIBLE"


READY = {Setup.MDM: Verdict.READY_MDM, Setup.NON_MDM: Verdict.READY_NON_MDM}
MOST_SEVERE_FIRST = (Outcome.INCOMPATIBLE, Outcome.ACTION_NEEDED, Outcome.UNKNOWN, Outcome.WARNING, Outcome.PASS)
SEVERITY = {outcome: position for position, outcome in enumerate(MOST_SEVERE_FIRST)}  # 0 is the gravest
SERIOUS = frozenset(MOST_SEVERE_FIRST[:3])  # what keeps a road from being ready


@dataclass(frozen=True, init=False)
class Finding:
    """What one rule says of one site.

    ``message`` and ``remedy`` are English sentences with ``%(name)s`` places for ``values``: they are the
    message ids the web translates. ``remedy`` is empty when there is nothing to do. ``answer`` is the
    question and answer the finding rests on, None when it rests on something a person entered.
    """

    rule: str
    outcome: Outcome
    message: str
    remedy: str
    values: dict[str, str]
    answer: Answer | None = None

    def __init__(  # noqa: PLR0917 - every rule names them in this order
        self,
        rule: str,
        outcome: Outcome,
        message: str,
        remedy: str,
        values: dict[str, str],
        answer: Answer | None = None,
    ) -> None:
        # A frozen dataclass's own constructor takes three times as long, and a judgement makes two dozen findings.
        own = self.__dict__
        own["rule"], own["outcome"], own["message"], own["remedy"] = rule, outcome, message, remedy
        own["values"], own["answer"] = values, answer

    def evidence(self) -> dict[str, Any]:
        """``{"summary", "asked", "answered", "at"}``; the last three are None without an answer."""
        return {
            "summary": self.message % self.values,
            "asked": self.answer.asked if self.answer else None,
            "answered": self.answer.answered if self.answer else None,
            "at": self.answer.at.isoformat() if self.answer else None,
        }

    def to_json(self) -> dict[str, Any]:
        """The finding in the documented contract of ``check_site --json``."""
        return {
            "rule": self.rule,
            "outcome": str(self.outcome),
            "evidence": self.evidence(),
            "remedy": self.remedy % self.values,
        }


@dataclass(frozen=True)
class SetupVerdict:
    setup: Setup
    verdict: Verdict
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        return {"verdict": str(self.verdict), "findings": [finding.to_json() for finding in self.findings]}


@dataclass(frozen=True)
class Evaluation:
    mdm: SetupVerdict
    non_mdm: SetupVerdict
    matrix: str  # the date of the matrix it was judged by

    def setups(self) -> tuple[SetupVerdict, SetupVerdict]:
        return self.mdm, self.non_mdm


def setup_verdict(setup: Setup, most_severe_first: tuple[Finding, ...]) -> SetupVerdict:
    """The verdict of a road: the gravest finding decides; only passes (and warnings) make it ready."""
    if most_severe_first and most_severe_first[0].outcome in SERIOUS:
        return SetupVerdict(setup, Verdict(most_severe_first[0].outcome.value), most_severe_first)
    return SetupVerdict(setup, READY[setup], most_severe_first)
