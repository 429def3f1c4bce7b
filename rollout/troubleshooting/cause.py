"""Data classes of the troubleshooter: a cause, and the indicators in a text that point to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .paste import Paste

RULES_OUT = 5  # the weight of a contradiction that keeps a cause from being likely


class Stage(StrEnum):
    """The part of a sign-in in which something fails."""

    BEFORE = "before"
    SHEET = "sheet"
    BACK = "back"
    LATER = "later"


class Certainty(StrEnum):
    """``documented`` by a vendor, or ``seen``: reported by administrators."""

    DOCUMENTED = "documented"
    SEEN = "seen"


@dataclass(frozen=True)
class Indicator:
    """A pattern in a pasted text that points to a cause.

    ``find`` returns the matched text, to be quoted, or None. ``weight`` is from 5 (proves the cause) to 1 (fits many
    causes). ``description`` is an English message id.
    """

    find: Callable[[Paste], str | None]
    weight: int
    description: str


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A cause of a failed sign-in. All texts are English message ids.

    ``source`` is the URL of the page that describes it, or empty. ``rules`` are the ids of the rules that detect it in
    a check run; a finding of ``linked_rules`` is shown with the cause, but does not rank it. ``lint``: link to the page
    that validates site lists. A matching indicator in ``contradictions`` lowers the weight by its own; with the weight
    ``RULES_OUT`` the cause is never likely.
    """

    id: str
    stage: Stage
    title: str
    explanation: str
    symptoms: tuple[str, ...]
    confirm: str
    remedy: str
    source: str
    certainty: Certainty
    indicators: tuple[Indicator, ...]
    contradictions: tuple[Indicator, ...] = ()
    rules: tuple[str, ...] = ()
    linked_rules: tuple[str, ...] = ()
    lint: bool = False
