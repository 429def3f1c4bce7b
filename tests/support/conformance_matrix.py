"""Print the conformance matrix at the end of a run: `make conformance`."""

from __future__ import annotations

from typing import Any

NOT_SUPPORTED = [
    (84, "9126", "Pushed authorization requests"),
    (85, "9449", "DPoP"),
    (86, "8628", "Device authorization grant"),
]
OUTCOME_LABELS = {"passed": "holds", "failed": "FAILS", "error": "ERROR", "skipped": "not run"}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    results_by_case: dict[int, dict[str, str]] = {}
    facts: dict[int, tuple[str, str]] = {}
    for outcome, label in OUTCOME_LABELS.items():
        for report in terminalreporter.stats.get(outcome, []):
            properties = dict(getattr(report, "user_properties", []))
            if "case" in properties:
                facts[properties["case"]] = (properties["reference"], properties["title"])
                results_by_case.setdefault(properties["case"], {})[properties["database"]] = label
    if not results_by_case:
        return
    terminalreporter.section("OAuth conformance")
    line = "{:>3}  {:<26}{:<13}{:<13}{}".format
    terminalreporter.write_line(line("#", "RFC and section", "PostgreSQL", "SQLite", "case"))
    for number in sorted(results_by_case):
        reference, title = facts[number]
        results = [results_by_case[number].get(database, "–") for database in ("postgresql", "sqlite")]
        terminalreporter.write_line(line(number, reference, *results, title))
    for number, reference, title in NOT_SUPPORTED:
        terminalreporter.write_line(line(number, reference, "not supported", "", title))
