"""Verdicts, outcomes and findings, and how findings make up the verdict of a setup."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .observation import Answer


class Setup(StrEnum):
    """How a phone gets the client ID: from the MDM, or from the site's mobile plugin."""

    MDM = "mdm"
    NON_MDM = "non_mdm"


class Verdict(StrEnum):
    """The status of one setup of a site."""

    READY_MDM = "READY_MDM"
    READY_NON_MDM = "READY_NON_MDM"
    ACTION_NEEDED = "ACTION_NEEDED"
    INCOMPATIBLE = "INCOMPATIBLE"
    UNKNOWN = "UNKNOWN"


class Outcome(StrEnum):
    """The result of one rule. WARNING never changes a verdict."""

    PASS = "PASS"  # noqa: S105
    WARNING = "WARNING"
    UNKNOWN = "UNKNOWN"
    ACTION_NEEDED = "ACTION_NEEDED"
    INCOMPATIBLE = "INCOMPATIBLE"


READY = {Setup.MDM: Verdict.READY_MDM, Setup.NON_MDM: Verdict.READY_NON_MDM}
MOST_SEVERE_FIRST = (Outcome.INCOMPATIBLE, Outcome.ACTION_NEEDED, Outcome.UNKNOWN, Outcome.WARNING, Outcome.PASS)
SEVERITY = {outcome: position for position, outcome in enumerate(MOST_SEVERE_FIRST)}  # 0 is the most severe
SERIOUS = frozenset(MOST_SEVERE_FIRST[:3])  # outcomes that keep a setup from being ready


@dataclass(frozen=True, init=False)
class Finding:
    """The result of one rule for one site.

    ``message`` and ``remedy`` are English message ids with ``%(name)s`` placeholders for ``values``; the pages
    translate them. ``remedy`` is empty if there is nothing to do. ``answer`` is the request and response that the
    finding is based on, None if it is based on something a person entered.
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
        # A frozen dataclass's own constructor takes three times as long, and an evaluation creates two dozen findings.
        own = self.__dict__
        own["rule"], own["outcome"], own["message"], own["remedy"] = rule, outcome, message, remedy
        own["values"], own["answer"] = values, answer

    def evidence(self) -> dict[str, Any]:
        """``{"summary", "asked", "answered", "at"}``; the last three are None without a request."""
        answer = self.answer if self.answer and self.answer.was_sent else None
        return {
            "summary": self.message % self.values,
            "asked": answer.asked if answer else None,
            "answered": answer.answered if answer else None,
            "at": answer.at.isoformat() if answer else None,
        }

    def to_json(self) -> dict[str, Any]:
        """The finding in the documented format of ``check_site --json``."""
        return {
            "rule": self.rule,
            "outcome": str(self.outcome),
            "evidence": self.evidence(),
            "remedy": self.remedy % self.values,
        }


@dataclass(frozen=True)
class SetupVerdict:
    """The verdict of one setup and its findings, most severe first."""

    setup: Setup
    verdict: Verdict
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """The verdict in the documented format of ``check_site --json``."""
        return {"verdict": str(self.verdict), "findings": [finding.to_json() for finding in self.findings]}


@dataclass(frozen=True)
class Evaluation:
    """The verdicts of both setups. ``matrix`` is the name of the matrix that was used: its date, then its edition."""

    mdm: SetupVerdict
    non_mdm: SetupVerdict
    matrix: str

    def setups(self) -> tuple[SetupVerdict, SetupVerdict]:
        return self.mdm, self.non_mdm


def setup_verdict(setup: Setup, most_severe_first: tuple[Finding, ...]) -> SetupVerdict:
    """The verdict of a setup: the most severe finding decides, and passes and warnings alone make it ready."""
    if most_severe_first and most_severe_first[0].outcome in SERIOUS:
        return SetupVerdict(setup, Verdict(most_severe_first[0].outcome.value), most_severe_first)
    return SetupVerdict(setup, READY[setup], most_severe_first)
