"""Causes for a symptom and a pasted text, the likeliest first, each with its reasons. Pure, total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from . import before_sign_in, browser_sheet, coming_back, untrusted_certificates
from .cause import Cause
from .paste import Paste, read
from .symptoms import BY_ID

CAUSES: tuple[Cause, ...] = (
    *before_sign_in.CAUSES, *untrusted_certificates.CAUSES, *browser_sheet.CAUSES, *coming_back.CAUSES,
)  # fmt: skip

DECIDES = 4  # from this weight on a cause is likely, below it is possible
_PICKED = (3, 2, 2, 1, 1)  # by the position of a cause in the symptom's list
_AGAINST = frozenset({"WARNING", "ACTION_NEEDED", "INCOMPATIBLE"})
_FINE = frozenset({"PASS"})
EVIDENCE = {"for": 3, "against": -3, "": 0}


@dataclass(frozen=True)
class Reason:
    """Why a cause is listed: ``why`` is an English message id, ``quote`` the match in the redacted text."""

    why: str
    quote: str


@dataclass(frozen=True)
class Suspect:
    """A cause with its weight. ``evidence``: the result of the site's latest check for it: ``for``, ``against``
    (every rule that checks for it passed) or empty; ``rules`` the ids of the rules with a finding.
    """

    cause: Cause
    weight: int
    reasons: tuple[Reason, ...] = ()
    is_picked: bool = False
    evidence: str = ""
    rules: tuple[str, ...] = ()

    @property
    def is_likely(self) -> bool:
        return self.weight >= DECIDES


@dataclass(frozen=True)
class Diagnosis:
    paste: Paste
    suspects: tuple[Suspect, ...]


def diagnose(text: str, symptom: str = "", outcomes: Mapping[str, str] | None = None) -> Diagnosis:
    """Return the causes indicated by a redacted text, a selected symptom and the findings of a site, likeliest first.

    ``outcomes``: rule id → its most severe outcome in the site's latest check. Causes with findings only come after
    all others.
    """
    paste = read(text)
    suspects = [_with_evidence(_suspect(cause, paste, symptom), outcomes or {}) for cause in CAUSES]
    named = [suspect for suspect in suspects if suspect.reasons or suspect.is_picked or suspect.evidence == "for"]
    return Diagnosis(paste, tuple(sorted(named, key=lambda suspect: -suspect.weight)))


def _suspect(cause: Cause, paste: Paste, symptom: str) -> Suspect:
    found = [(sign, sign.find(paste)) for sign in cause.signs] if paste.text.strip() else []
    matched = [(sign, quote) for sign, quote in found if quote is not None]
    # The best sign counts fully, further ones less: three weak signs do not make a strong one.
    weights = sorted((sign.weight for sign, _quote in matched), reverse=True)
    weight = sum(weights[:1]) + len(weights[1:])
    causes = BY_ID[symptom].causes if symptom in BY_ID else ()
    if cause.id in causes:
        weight += _PICKED[min(causes.index(cause.id), len(_PICKED) - 1)]
    reasons = tuple(Reason(sign.why, quote) for sign, quote in matched)
    return Suspect(cause, weight, reasons, cause.id in causes)


def _with_evidence(suspect: Suspect, outcomes: Mapping[str, str]) -> Suspect:
    """Return the suspect moved up by a finding of its cause, or down if all of its rules passed."""
    told = {rule: outcomes[rule] for rule in suspect.cause.rules if rule in outcomes}
    bad = tuple(rule for rule, outcome in told.items() if outcome in _AGAINST)
    if bad:
        is_named = suspect.reasons or suspect.is_picked
        return replace(suspect, weight=suspect.weight + (EVIDENCE["for"] if is_named else 1), evidence="for", rules=bad)
    if told and all(outcome in _FINE for outcome in told.values()):
        return replace(suspect, weight=suspect.weight + EVIDENCE["against"], evidence="against", rules=tuple(told))
    return suspect
