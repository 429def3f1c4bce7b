"""Versions of Atlassian products and plugins, in one total order.

They do not follow PEP 440: ``9.2.0-m05``, ``9.1.1-SNAPSHOT``, ``9.2.0.qualifier``, ``9.1.0-jdk17`` and ``19.1.47.1``
all occur.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

_SHAPE = re.compile(
    r"[vV]?(?P<numbers>\d{1,9}(?:\.\d{1,9}){0,7})"
    r"(?P<qualifier>(?:[-_][A-Za-z0-9]|\.?[A-Za-z])[A-Za-z0-9._-]{0,60})?"
    r"(?:\+[A-Za-z0-9._-]{1,60})?",  # build metadata, ignored when comparing
    re.ASCII,
)
_TOKEN = re.compile(r"[a-z]+|\d+", re.ASCII)

RELEASE = 9
# Stages before a release. A qualifier that names none of them (jdk17, qualifier, final) is the release itself.
STAGES = {
    "dev": 0,
    "eap": 1,
    "alpha": 2,
    "beta": 3,
    "m": 4,
    "milestone": 4,
    "pre": 5,
    "preview": 5,
    "rc": 6,
    "cr": 6,
}


@dataclass(frozen=True, order=True)
class Version:
    """A version that compares numerically, component by component: ``9.1 == 9.1.0 < 9.10``.

    ``numbers`` has no trailing zeros. ``stage`` and ``serial`` sort ``m05`` and ``rc1`` below the release, ``finished``
    sorts a snapshot just below its release. ``text`` is the text that was parsed and is not compared.
    """

    numbers: tuple[int, ...]
    stage: int = RELEASE
    serial: int = 0
    finished: bool = True
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Version:
        """Parse a version. Raises ValueError for any other text."""
        match = _SHAPE.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= 200 else None
        if match is None:
            raise ValueError("This is not a version number. Write it like 9.1.0.")
        numbers = [int(number) for number in match["numbers"].split(".")]
        while len(numbers) > 1 and numbers[-1] == 0:
            numbers.pop()
        tokens = _TOKEN.findall((match["qualifier"] or "").lower())
        stage, serial = _stage(tokens)
        return cls(tuple(numbers), stage, serial, "snapshot" not in tokens, match[0])

    def __str__(self) -> str:
        return self.text or ".".join(map(str, self.numbers))


@lru_cache(maxsize=4096)
def version_of(text: str | None) -> Version | None:
    """Parse a version; None for any other text. Cached."""
    try:
        return Version.parse(text or "")
    except ValueError:
        return None


def _stage(tokens: list[str]) -> tuple[int, int]:
    """The stage that a qualifier's tokens name and the number after it: ``(6, 1)`` for ``["rc", "1"]``."""
    for token, following in pairwise([*tokens, ""]):
        if token in STAGES:
            return STAGES[token], int(following[:9]) if following.isdigit() else 0
    return RELEASE, 0
