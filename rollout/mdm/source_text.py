"""A text, and where each of its characters stands in the text that a person pasted. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property

_LINE_END = re.compile(r"\r\n|\r|\n")
Replacement = Callable[[re.Match[str]], str]


class SourceText:
    """A text that was taken out of another one, ``parent``, or a text of its own.

    ``runs`` are pairs of offsets, in ascending order: from ``here`` on, the characters are at ``there`` in the parent.
    """

    def __init__(self, text: str, parent: SourceText | None = None, runs: list[tuple[int, int]] | None = None) -> None:
        self.text, self.parent = text, parent
        self._here = [here for here, _there in runs or [(0, 0)]]
        self._there = [there for _here, there in runs or [(0, 0)]]

    def part(self, start: int, end: int) -> SourceText:
        return SourceText(self.text[start:end], self, [(0, start)])

    def rewritten(self, pattern: re.Pattern[str], replace: Replacement) -> SourceText:
        """Return the text with each match replaced, for example an escape by its character."""
        pieces: list[str] = []
        runs = [(0, 0)]
        at = length = 0
        for match in pattern.finditer(self.text):
            new = replace(match)
            pieces += (self.text[at : match.start()], new)
            length += match.start() - at
            runs.append((length, match.start()))
            length += len(new)
            at = match.end()
            runs.append((length, at))
        return SourceText("".join((*pieces, self.text[at:])), self, runs)

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and column, both from 1, in the text that everything was taken out of."""
        if self.parent is None:
            line = bisect_right(self._lines, offset)
            return line, offset - self._lines[line - 1] + 1
        run = bisect_right(self._here, offset) - 1
        return self.parent.place(self._there[run] + offset - self._here[run])

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]
