"""Prints the conformance matrix at the end of a run: `make conformance`."""

from __future__ import annotations

from typing import Any

NOT_SUPPORTED = [
    (84, "9126", "Pushed authorization requests"),
    (85, "9449", "DPoP"),
    (86, "8628", "Device authorization grant"),
]
SHOWN = {"passed": "holds", "failed": "FAILS", "error": "ERROR", "skipped": "not run"}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    found: dict[int, dict[str, str]] = {}
    facts: dict[int, tuple[str, str]] = {}
    for outcome, word in SHOWN.items():
        for report in terminalreporter.stats.get(outcome, []):
            told = dict(getattr(report, "user_properties", []))
            if "case" in told:
                facts[told["case"]] = (told["reference"], told["title"])
                found.setdefault(told["case"], {})[told["database"]] = word
    if not found:
        return
    terminalreporter.section("OAuth conformance")
    line = "{:>3}  {:<26}{:<13}{:<13}{}".format
    terminalreporter.write_line(line("#", "RFC and section", "PostgreSQL", "SQLite", "case"))
    for number in sorted(found):
        reference, title = facts[number]
        results = [found[number].get(database, "–") for database in ("postgresql", "sqlite")]
        terminalreporter.write_line(line(number, reference, *results, title))
    for number, reference, title in NOT_SUPPORTED:
        terminalreporter.write_line(line(number, reference, "not supported", "", title))
