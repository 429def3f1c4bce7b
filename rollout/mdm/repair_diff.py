"""The lines that a repair changes in a site list, for people: one key a line, whatever the spacing was. Pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

MAX_LINES = 1000  # that are compared
MAX_SHOWN = 300

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*+"|[\[\]{},]|[^\[\]{},"\s]+|\s+|"')


@dataclass(frozen=True)
class DiffLine:
    """``sign`` is ``+``, ``-``, a space for a line that stays, or ``@`` for lines that are left out."""

    sign: str
    text: str = ""


@dataclass(frozen=True)
class RepairDiff:
    """``is_cut`` is whether the lists have more lines or changes than are shown."""

    lines: tuple[DiffLine, ...]
    is_cut: bool


def diff_repair(before: str, after: str) -> RepairDiff:
    old, new = _lines(before), _lines(after)
    compared = difflib.unified_diff(old[:MAX_LINES], new[:MAX_LINES], n=2, lineterm="")
    lines = [DiffLine(line[:1], line[1:]) for line in list(compared)[2:]]
    lines = [DiffLine("@") if line.sign == "@" else line for line in lines]
    if lines and lines[0].sign == "@":
        lines = lines[1:]
    return RepairDiff(tuple(lines[:MAX_SHOWN]), len(lines) > MAX_SHOWN or max(len(old), len(new)) > MAX_LINES)


def _lines(text: str) -> list[str]:
    """Return a list with a line for each key, indented by its brackets."""
    lines: list[str] = []
    line, depth = "", 0
    for part in _TOKEN.findall(text):
        if part in "]}":
            if line.strip():
                lines.append(line.rstrip())
            depth = max(depth - 1, 0)
            line = "  " * depth + part
        elif part in "[{":
            if line.strip() in {"]", "}"}:
                lines.append(line)
                line = ""
            lines.append((line or "  " * depth) + part)
            depth, line = min(depth + 1, 40), ""
        elif part == ",":
            lines.append(line.rstrip() + ",")
            line = ""
        elif part.isspace():
            line = line and line.rstrip() + " "
        else:
            line = (line or "  " * depth) + part
    return [*lines, line.rstrip()] if line.strip() else lines
