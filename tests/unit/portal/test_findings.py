"""The findings of a setup on a page: what to fix first, what comes after it, and what is shared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portal.presenters import findings, messages
from rollout.models import Finding


def row(rule: str, outcome: str, setup: str = "mdm", **changes: Any) -> Finding:
    return Finding(
        **{"position": 0, "setup": setup, "rule": rule, "outcome": outcome, "message": f"{rule}.", **changes}
    )


ASKED = {"asked": "GET https://wiki.example.com/", "answered": "no response (timeout)"}
UNREACHABLE = row("MANIFEST-REACHABLE", "UNKNOWN", remedy="Check the address.", values={"status": ""}, **ASKED)
ROWS = [
    row("TLS-VALID", "UNKNOWN", remedy="Make the site reachable.", values={"detail": "unreachable"}),
    UNREACHABLE,
    row("TOKEN-REACHABLE", "UNKNOWN", remedy="Look.", **ASKED),
    row("TLS-PRIVATE-CA", "WARNING"),
    row("HTTPS", "PASS"),
]


def rules(rows: list[findings.FindingRow]) -> list[str]:
    return [shown.finding.rule for shown in rows]


def for_both(*rows: Finding) -> list[Finding]:
    return [*rows, *(replace(found, setup="non_mdm") for found in rows)]


def test_findings_to_fix_first_are_separate() -> None:
    setup = findings.setups("UNKNOWN", "UNKNOWN", ROWS)[0]
    assert rules(setup.serious) == ["MANIFEST-REACHABLE"]
    assert rules(setup.later) == ["TLS-VALID", "TOKEN-REACHABLE"]
    assert (len(setup.warnings), len(setup.passed)) == (1, 1)


def test_only_the_most_severe_findings_decide() -> None:
    rows = [row("TOKEN-REACHABLE", "ACTION_NEEDED", remedy="Allow it.", **ASKED), row("METADATA", "UNKNOWN", **ASKED)]
    setup = findings.setups("ACTION_NEEDED", "UNKNOWN", rows)[0]
    assert (rules(setup.serious), rules(setup.later)) == (["TOKEN-REACHABLE"], ["METADATA"])


def test_shared_findings_are_not_repeated() -> None:
    setup = findings.setups("UNKNOWN", "UNKNOWN", for_both(*ROWS))[1]
    assert (setup.serious, setup.later, setup.warnings, setup.passed) == ([], [], [], [])
    assert rules(setup.shared) == ["MANIFEST-REACHABLE", "TLS-VALID", "TOKEN-REACHABLE"]
    assert setup.repeated == 2


def test_what_decides_for_one_setup_is_not_folded_for_the_other() -> None:
    """The MDM setup has a more severe finding; what decides the Non-MDM setup stays unfolded."""
    token = row("TOKEN-REACHABLE", "ACTION_NEEDED", remedy="Allow it.", **ASKED)
    rows = [row("CONFLUENCE-VERSION", "INCOMPATIBLE", **ASKED), *for_both(token)]
    with_mdm, without = findings.setups("INCOMPATIBLE", "ACTION_NEEDED", rows)
    assert rules(without.serious) == ["TOKEN-REACHABLE"]
    assert (rules(with_mdm.serious), rules(with_mdm.later)) == (["CONFLUENCE-VERSION"], [])
    assert rules(with_mdm.shared) == ["TOKEN-REACHABLE"]


def test_a_remedy_and_a_sentence_are_printed_once() -> None:
    rows = [
        row("TOKEN-REACHABLE", "ACTION_NEEDED", remedy="Allow it.", **ASKED),
        row("METADATA", "WARNING", remedy="Allow it.", **ASKED),
        row("HTTPS", "PASS", message="Not needed."),
        row("OAUTH-PLUGIN", "PASS", message="Not needed."),
    ]
    setup = findings.setups("ACTION_NEEDED", "UNKNOWN", rows)[0]
    assert setup.serious[0].same_remedy is None
    assert setup.warnings[0].same_remedy is setup.serious[0]
    assert [shown.same_sentence for shown in setup.passed] == [None, setup.passed[0]]


def test_a_request_that_was_not_sent_is_no_evidence() -> None:
    unsent = row("TOKEN-REACHABLE", "UNKNOWN", asked="POST https://x", answered="no response (not_sent)")
    setup = findings.setups("UNKNOWN", "UNKNOWN", for_both(UNREACHABLE, unsent))[0]
    assert rules([*setup.serious, *setup.later]) == ["MANIFEST-REACHABLE"]
    (shown,) = findings.unchecked(for_both(UNREACHABLE, unsent))
    assert (shown.anchor, shown.basis) == ("rule-token-reachable", "")


def test_a_request_that_was_not_sent_decides_only_alone() -> None:
    unsent = row("TOKEN-REACHABLE", "UNKNOWN", asked="POST https://x", answered="no response (not_sent)")
    assert rules(findings.setups("UNKNOWN", "UNKNOWN", [unsent])[0].serious) == ["TOKEN-REACHABLE"]
    assert findings.unchecked([unsent]) == []


def test_an_entered_version_is_named_as_the_basis() -> None:
    setup = findings.setups(
        "UNKNOWN", "UNKNOWN", [row("OAUTH-PLUGIN", "UNKNOWN"), row("GONE", "UNKNOWN", remedy="Look.", **ASKED)]
    )[0]
    assert [(shown.title, shown.basis) for shown in setup.serious] == [
        ("OAuth plugin version", "entered"),
        ("GONE", "request"),
    ]


def test_the_status_sentence_names_the_first_finding_to_fix() -> None:
    assert messages.most_severe(ROWS, "mdm") is UNREACHABLE
    assert messages.most_severe(ROWS, "non_mdm") is None
    assert messages.most_severe([row("HTTPS", "PASS"), row("TLS-PRIVATE-CA", "WARNING")]) is None


def test_a_request_that_was_never_sent_is_not_shown_as_evidence() -> None:
    blocked = row("MANIFEST-REACHABLE", "UNKNOWN", asked="GET https://x", answered="no response (blocked_address)")
    (shown,) = findings.setups("UNKNOWN", "UNKNOWN", [blocked])[0].serious
    assert shown.basis == ""
