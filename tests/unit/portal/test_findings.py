"""The findings of a setup on a page: what to fix first, what comes after it, and what is shared."""

from __future__ import annotations

from typing import Any

from portal.presenters import findings, messages
from rollout.models import Finding


def row(rule: str, outcome: str, setup: str = "mdm", **changes: Any) -> Finding:
    return Finding(
        **{"position": 0, "setup": setup, "rule": rule, "outcome": outcome, "message": f"{rule}.", **changes}
    )


UNREACHABLE = row("MANIFEST-REACHABLE", "UNKNOWN", remedy="Check the address.", values={"status": ""})
ROWS = [
    row("TLS-VALID", "UNKNOWN", remedy="Make the site reachable.", values={"detail": "unreachable"}),
    UNREACHABLE,
    row("TOKEN-REACHABLE", "UNKNOWN", remedy="Look."),
    row("TLS-PRIVATE-CA", "WARNING"),
    row("HTTPS", "PASS"),
]


def test_findings_to_fix_first_are_separate() -> None:
    setup = findings.setups("UNKNOWN", "UNKNOWN", ROWS)[0]
    assert [shown.finding.rule for shown in setup.serious] == ["MANIFEST-REACHABLE"]
    assert [shown.finding.rule for shown in setup.later] == ["TLS-VALID", "TOKEN-REACHABLE"]
    assert (len(setup.warnings), len(setup.passed)) == (1, 1)


def test_shared_findings_are_not_repeated() -> None:
    also = [row(found.rule, found.outcome, "non_mdm", remedy=found.remedy) for found in ROWS]
    setup = findings.setups("UNKNOWN", "UNKNOWN", [*ROWS, *also])[1]
    assert (setup.serious, setup.later, len(setup.shared)) == ([], [], 3)


def test_the_status_sentence_names_the_first_finding_to_fix() -> None:
    assert messages.most_severe(ROWS, "mdm") is UNREACHABLE
    assert messages.most_severe(ROWS, "non_mdm") is None
    assert messages.most_severe([row("HTTPS", "PASS"), row("TLS-PRIVATE-CA", "WARNING")]) is None
