"""Splits pasted text into addresses."""

from __future__ import annotations

import re

MAX_LINES = 100
# Between two addresses on one line: a comma, semicolon or space before the next scheme.
_BETWEEN = re.compile(r"[\s,;]+(?=https?:/)", re.IGNORECASE)


def split_lines(text: str) -> list[str]:
    """Return the addresses of a text, one a line or several with their schemes on one line, without empty ones."""
    found: list[str] = []
    for line in text.splitlines():
        found += _addresses(line.strip(" \t,;"))
    return found


def _addresses(line: str) -> list[str]:
    """The addresses on one line. Words in front of the first one are kept with it."""
    parts = [part for part in _BETWEEN.split(line) if part]
    if len(parts) > 1 and "." not in parts[0]:
        parts[:2] = [f"{parts[0]} {parts[1]}"]
    return parts
