"""Rank the causes that a symptom and a pasted text point to. Pure; accepts any text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from . import before_sign_in, browser_sheet, return_to_app, untrusted_certificates
from .cause import Cause
from .paste import Paste, parse_paste
from .symptoms import SYMPTOMS_BY_ID

CAUSES: tuple[Cause, ...] = (
    *before_sign_in.CAUSES, *untrusted_certificates.CAUSES, *browser_sheet.CAUSES, *return_to_app.CAUSES,
)  # fmt: skip

LIKELY_WEIGHT = 4  # a cause with at least this weight is "likely", any other "possible"
_SYMPTOM_WEIGHTS = (3, 2, 2, 1, 1)  # by the position of a cause in the symptom's list
_PROBLEM_OUTCOMES = frozenset({"WARNING", "ACTION_NEEDED", "INCOMPATIBLE"})
_PASSED_OUTCOMES = frozenset({"PASS"})
_FINDING_WEIGHT = 3


@dataclass(frozen=True)
class Reason:
    """An indicator that matched. ``description`` is an English message id, ``quote`` a part of the redacted text."""

    description: str
    quote: str


@dataclass(frozen=True)
class Suspect:
    """A cause with its weight.

    ``evidence`` from the site's latest check run: ``for``, ``against`` (all rules for the cause passed) or empty.
    ``rules`` are the ids of the rules that this is based on.
    """

    cause: Cause
    weight: int
    reasons: tuple[Reason, ...] = ()
    matches_symptom: bool = False
    evidence: str = ""
    rules: tuple[str, ...] = ()

    @property
    def is_likely(self) -> bool:
        return self.weight >= LIKELY_WEIGHT


@dataclass(frozen=True)
class Diagnosis:
    """The parsed text and the causes it points to, likeliest first."""

    paste: Paste
    suspects: tuple[Suspect, ...]


def diagnose(text: str, symptom: str = "", outcomes: Mapping[str, str] | None = None) -> Diagnosis:
    """Return the causes that a redacted text, a symptom and the findings of a site point to, likeliest first.

    ``outcomes`` maps a rule id to its most severe outcome in the site's latest check run. A cause that only a finding
    points to is included with the lowest weight.
    """
    paste = parse_paste(text)
    suspects = [_with_evidence(_suspect(cause, paste, symptom), outcomes or {}) for cause in CAUSES]
    named = [suspect for suspect in suspects if suspect.reasons or suspect.matches_symptom or suspect.evidence == "for"]
    return Diagnosis(paste, tuple(sorted(named, key=lambda suspect: -suspect.weight)))


def _suspect(cause: Cause, paste: Paste, symptom: str) -> Suspect:
    quotes = [(indicator, indicator.find(paste)) for indicator in cause.indicators] if paste.text.strip() else []
    matched = [(indicator, quote) for indicator, quote in quotes if quote is not None]
    # Beyond the strongest indicator, each adds 1: several weak indicators must not outweigh a strong one.
    weights = sorted((indicator.weight for indicator, _quote in matched), reverse=True)
    weight = sum(weights[:1]) + len(weights[1:])
    causes = SYMPTOMS_BY_ID[symptom].causes if symptom in SYMPTOMS_BY_ID else ()
    if cause.id in causes:
        weight += _SYMPTOM_WEIGHTS[min(causes.index(cause.id), len(_SYMPTOM_WEIGHTS) - 1)]
    reasons = tuple(Reason(indicator.description, quote) for indicator, quote in matched)
    return Suspect(cause, weight, reasons, cause.id in causes)


def _with_evidence(suspect: Suspect, outcomes: Mapping[str, str]) -> Suspect:
    """Raise the weight if a finding shows the cause, lower it if all rules for the cause passed."""
    known = {rule: outcomes[rule] for rule in suspect.cause.rules if rule in outcomes}
    failed = tuple(rule for rule, outcome in known.items() if outcome in _PROBLEM_OUTCOMES)
    if failed:
        is_named = suspect.reasons or suspect.matches_symptom
        return replace(
            suspect, weight=suspect.weight + (_FINDING_WEIGHT if is_named else 1), evidence="for", rules=failed
        )
    if known and all(outcome in _PASSED_OUTCOMES for outcome in known.values()):
        return replace(suspect, weight=suspect.weight - _FINDING_WEIGHT, evidence="against", rules=tuple(known))
    return suspect
