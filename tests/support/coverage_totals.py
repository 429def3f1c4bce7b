"""Print the covered lines of each package at the end of a run: `make test`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from coverage import Coverage

from tests.support.paths import ROOT


def pytest_terminal_summary(terminalreporter: Any) -> None:
    coverage = Coverage()
    coverage.load()
    lines, missed = Counter[str](), Counter[str]()
    for path in coverage.get_data().measured_files():
        _path, statements, _excluded, missing, _text = coverage.analysis2(path)
        for name in (Path(path).relative_to(ROOT).parts[0], "total"):
            lines[name] += len(statements)
            missed[name] += len(missing)
    terminalreporter.section("coverage")
    for name, count in sorted(lines.items(), key=lambda item: item[1]):
        covered = count - missed[name]
        terminalreporter.write_line(f"{name:<16}{covered:>7} of {count:>6} lines  {covered / count:7.1%}")
