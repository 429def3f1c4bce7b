"""Rank the causes that a symptom and a pasted text point to. Pure; accepts any text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from . import (
    address_mismatch,
    after_sign_in,
    before_sign_in,
    browser_sheet,
    connections,
    installed_app,
    other_addresses,
    refused_requests,
    return_to_app,
    site_list,
    untrusted_certificates,
)  # fmt: skip
from .cause import RULES_OUT, Cause, Indicator
from .paste import Paste, parse_paste
from .symptoms import SYMPTOMS_BY_ID

# The order of causes with the same weight: specific ones first.
CAUSES: tuple[Cause, ...] = (
    *refused_requests.CAUSES, *other_addresses.CAUSES, *before_sign_in.CAUSES, *installed_app.CAUSES, *site_list.CAUSES,
    *connections.CAUSES, *untrusted_certificates.CAUSES, *address_mismatch.CAUSES, *browser_sheet.CAUSES,
    *return_to_app.CAUSES, *after_sign_in.CAUSES,
)  # fmt: skip

LIKELY_WEIGHT = 4  # a cause with at least this weight is "likely", any other "possible"
_SYMPTOM_WEIGHTS = (3, 2, 2, 1, 1)  # by the position of a cause in the symptom's list
_PROBLEM_OUTCOMES = frozenset({"WARNING", "ACTION_NEEDED", "INCOMPATIBLE"})
_PASSED_OUTCOMES = frozenset({"PASS"})
_FOUND_IF_UNKNOWN = frozenset(
    {"CLIENT-CERTIFICATE"}
)  # rules without a finding for sites that the cause does not affect
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
    ``rules`` are the ids of the rules that this is based on. ``against`` is what contradicts the cause in the text.
    """

    cause: Cause
    weight: int
    reasons: tuple[Reason, ...] = ()
    matches_symptom: bool = False
    evidence: str = ""
    rules: tuple[str, ...] = ()
    against: tuple[Reason, ...] = ()
    is_ruled_out: bool = False

    @property
    def is_likely(self) -> bool:
        return self.weight >= LIKELY_WEIGHT and not self.is_ruled_out


@dataclass(frozen=True)
class Diagnosis:
    """The parsed text and the causes it points to, likeliest first."""

    paste: Paste
    suspects: tuple[Suspect, ...]


def diagnose(text: str, symptom: str = "", outcomes: Mapping[str, str] | None = None) -> Diagnosis:
    """Return the causes that a redacted text, a symptom and the findings of a site point to, likeliest first.

    ``outcomes`` maps a rule id to its most severe outcome in the site's latest check run. A cause that only a finding
    points to is included with the lowest weight. A cause that the text contradicts at least as much as it supports is
    left out, unless the symptom or a finding names it.
    """
    paste = parse_paste(text)
    suspects = [_with_evidence(_suspect(cause, paste, symptom), outcomes or {}) for cause in CAUSES]
    named = [suspect for suspect in suspects if _is_named(suspect)]
    causes = SYMPTOMS_BY_ID[symptom].causes if symptom in SYMPTOMS_BY_ID else ()
    order = {cause: position for position, cause in enumerate(causes)}
    named.sort(key=lambda suspect: (-suspect.weight, order.get(suspect.cause.id, len(order))))
    return Diagnosis(paste, tuple(named))


def _is_named(suspect: Suspect) -> bool:
    if suspect.matches_symptom or suspect.evidence == "for":
        return True
    return bool(suspect.reasons) and (suspect.weight > 0 or not suspect.against)


def _suspect(cause: Cause, paste: Paste, symptom: str) -> Suspect:
    matched = _matched(cause.indicators, paste)
    # Beyond the strongest indicator, each adds 1: several weak indicators must not outweigh a strong one.
    weights = sorted((indicator.weight for indicator, _reason in matched), reverse=True)
    weight = sum(weights[:1]) + len(weights[1:])
    causes = SYMPTOMS_BY_ID[symptom].causes if symptom in SYMPTOMS_BY_ID else ()
    if cause.id in causes:
        weight += _SYMPTOM_WEIGHTS[min(causes.index(cause.id), len(_SYMPTOM_WEIGHTS) - 1)]
    against = _matched(cause.contradictions, paste) if matched or cause.id in causes else []
    return Suspect(
        cause,
        weight - sum(indicator.weight for indicator, _reason in against),
        tuple(reason for _indicator, reason in matched),
        cause.id in causes,
        against=tuple(reason for _indicator, reason in against),
        is_ruled_out=any(indicator.weight >= RULES_OUT for indicator, _reason in against),
    )


def _matched(indicators: tuple[Indicator, ...], paste: Paste) -> list[tuple[Indicator, Reason]]:
    """The indicators that match the text, each with its quote."""
    if not paste.text.strip():
        return []
    found = [(indicator, indicator.find(paste)) for indicator in indicators]
    return [(indicator, Reason(indicator.description, quote)) for indicator, quote in found if quote is not None]


def _with_evidence(suspect: Suspect, outcomes: Mapping[str, str]) -> Suspect:
    """Raise the weight if a finding shows the cause, lower it if all rules for the cause passed."""
    known = {rule: outcomes[rule] for rule in suspect.cause.rules if rule in outcomes}
    failed = tuple(
        rule
        for rule, outcome in known.items()
        if outcome in _PROBLEM_OUTCOMES or (outcome == "UNKNOWN" and rule in _FOUND_IF_UNKNOWN)
    )
    if failed:
        is_named = suspect.reasons or suspect.matches_symptom
        return replace(
            suspect, weight=suspect.weight + (_FINDING_WEIGHT if is_named else 1), evidence="for", rules=failed
        )
    if known and all(outcome in _PASSED_OUTCOMES for outcome in known.values()):
        return replace(suspect, weight=suspect.weight - _FINDING_WEIGHT, evidence="against", rules=tuple(known))
    return suspect
