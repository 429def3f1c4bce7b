"""The vocabulary of the troubleshooter: a cause, the signs it is recognised by, and when people meet it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .paste import Paste


class Stage(StrEnum):
    """Where on the way to a signed-in phone something goes wrong."""

    BEFORE = "before"
    SHEET = "sheet"
    BACK = "back"
    LATER = "later"


class Certainty(StrEnum):
    """``documented`` by a vendor, or only ``seen`` in the field."""

    DOCUMENTED = "documented"
    SEEN = "seen"


@dataclass(frozen=True)
class Sign:
    """Something in a pasted text that speaks for a cause.

    ``find`` returns what matched, to be quoted, or None. ``weight``: 5 decides, 3 is good, 1 fits many causes.
    ``why`` is an English message id: what this sign is.
    """

    find: Callable[[Paste], str | None]
    weight: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One thing that goes wrong. All texts are English message ids.

    ``source`` is the URL of the page it comes from, empty for what is only seen in the field. ``rules`` are the ids
    of the rules that look for it in a check run; ``lint`` says that the page which looks at site lists helps.
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
