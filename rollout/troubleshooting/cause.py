"""The types of the troubleshooter: causes, signs that identify them, and stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .paste import Paste


class Stage(StrEnum):
    """The stage of a sign-in at which a problem occurs."""

    BEFORE = "before"
    SHEET = "sheet"
    BACK = "back"
    LATER = "later"


class Certainty(StrEnum):
    """``documented`` by a vendor, or ``seen`` by administrators."""

    DOCUMENTED = "documented"
    SEEN = "seen"


@dataclass(frozen=True)
class Sign:
    """A pattern in a pasted text that indicates a cause.

    ``find`` returns the match, to be quoted, or None. ``weight``: 5 is proof, 3 is strong, 1 fits many causes.
    ``why`` is an English message id that describes the sign.
    """

    find: Callable[[Paste], str | None]
    weight: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One cause of a problem. All texts are English message ids.

    ``source`` is the URL of the page that documents it, empty if it is only known from experience. ``rules`` are the
    ids
    of the rules that check for it; ``lint`` means that the page that checks site lists helps.
    """

    id: str
    stage: Stage
    title: str
    why: str
    symptoms: tuple[str, ...]
    confirm: str
    remedy: str
    source: str
    certainty: Certainty
    signs: tuple[Sign, ...]
    rules: tuple[str, ...] = ()
    lint: bool = False
