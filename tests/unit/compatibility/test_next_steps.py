"""The shortest list of findings to fix."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from rollout.compatibility.next_steps import findings_to_fix, next_steps
from rollout.compatibility.observation import Fingerprint, Observation
from rollout.compatibility.rules import evaluate
from rollout.compatibility.verdict import SERIOUS, SEVERITY

Build = Callable[..., Observation]

SILENT = {"status": None, "error": "refused", "content_type": ""}
SSO = {"status": 302, "location": "https://sso.example.com/login", "content_type": "text/html"}
UNREAD = {"product": None, "version": None, "canonical_url": None}
ALONE = {"login_page": None, "fingerprint": Fingerprint(), "status": None, "plain_http": None, "metadata": None}


def unreachable(error: str = "refused", **tls: Any) -> dict[str, Any]:
    silent = {"kind": "unreachable", "answer": {**SILENT, "error": error}}
    return {
        **ALONE,
        "manifest": {**UNREAD, "answer": silent["answer"]},
        "info_login": {**silent, "client_id": None},
        "info_login_plain": None,
        "authorize": silent,
        "token": silent,
        "tls": tls or {"kind": "unreachable"},
    }


BEHIND_SSO = {
    **ALONE,
    "manifest": {**UNREAD, "answer": SSO},
    "info_login": {"kind": "redirect", "answer": SSO, "client_id": None},
    "info_login_plain": {"kind": "redirect", "answer": SSO, "client_id": None},
    "authorize": {"kind": "intercepted", "answer": SSO},
    "token": {"kind": "intercepted", "answer": SSO},
}


def rules_of(observation: Observation) -> tuple[list[str], list[str]]:
    evaluation = evaluate(observation)
    return [finding.rule for finding in next_steps(evaluation.mdm)], [
        finding.rule for finding in next_steps(evaluation.non_mdm)
    ]


def test_a_ready_site_has_no_steps(ready: Observation):
    assert rules_of(ready) == ([], [])


@pytest.mark.parametrize(
    ("changes", "mdm", "non_mdm"),
    [
        (unreachable(), ["SITE-ACCESS"], ["SITE-ACCESS"]),
        (unreachable("tls", kind="expired"), ["TLS-VALID"], ["TLS-VALID"]),
        (unreachable("tls", kind="error", detail="x"), ["TLS-VALID"], ["TLS-VALID"]),
        (unreachable("not_https", kind="plain") | {"base_url": "http://a.example.com"}, ["HTTPS"], ["HTTPS"]),
        # What an administrator entered is known even if the site does not respond, and decides.
        (
            unreachable() | {"plugins": {"oauth": "4.0"}},
            ["OAUTH-PLUGIN", "SITE-ACCESS"],
            ["OAUTH-PLUGIN", "SITE-ACCESS"],
        ),
        (
            BEHIND_SSO,
            ["TOKEN-REACHABLE", "MANIFEST-REACHABLE"],
            ["INFO-LOGIN-OPEN", "TOKEN-REACHABLE", "MANIFEST-REACHABLE"],
        ),
        # A new server brings new plugins, so they are evaluated after the upgrade.
        (
            {"manifest": {"version": "8.5"}, "login_page": None, "plugins": {"oauth": "3.0", "mobile": None}},
            ["CONFLUENCE-VERSION"],
            ["CONFLUENCE-VERSION"],
        ),
        ({"plugins": {"oauth": "4.0", "mobile": None}}, ["OAUTH-PLUGIN"], ["OAUTH-PLUGIN", "MOBILE-PLUGIN"]),
        (
            {"manifest": {"product": "jira", "canonical_url": "https://other.example.com"}, "login_page": None},
            ["PRODUCT"],
            ["PRODUCT"],
        ),
        ({"plugins": {"mobile_enabled": False}, "info_login": {"client_id": None}}, [], ["MOBILE-PLUGIN-ENABLED"]),
        ({"tls": {"trust": "site"}}, [], []),
        (
            {**ALONE, "manifest": {**UNREAD, "answer": {"status": 503}}, "status": {"state": "MAINTENANCE"}},
            ["SERVER-STATUS"],
            ["SERVER-STATUS"],
        ),
    ],
)
def test_the_list(build: Build, changes: dict[str, Any], mdm: list[str], non_mdm: list[str]):
    assert rules_of(build(**changes)) == (mdm, non_mdm)


def test_the_same_remedy_is_listed_once(build: Build):
    missing = {"kind": "missing", "answer": {"status": 404}}
    assert rules_of(build(authorize=missing, token=missing)) == (["AUTHORIZE-REACHABLE"], ["AUTHORIZE-REACHABLE"])


def test_stored_findings_get_the_same_list(build: Build):
    setup = evaluate(build(**BEHIND_SSO)).non_mdm
    stored = [
        SimpleNamespace(rule=found.rule, outcome=found.outcome.value, remedy=found.remedy, values=found.values)
        for found in setup.findings
    ]
    assert [finding.rule for finding in findings_to_fix(stored)] == [finding.rule for finding in next_steps(setup)]


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ({"status": ""}, ["MANIFEST-REACHABLE"]),
        ({"status": "401"}, ["MANIFEST-REACHABLE", "TOKEN-REACHABLE"]),
        # Stored by earlier versions, in English.
        ({"said": "its name does not resolve"}, ["MANIFEST-REACHABLE"]),
        ({"said": "401"}, ["MANIFEST-REACHABLE", "TOKEN-REACHABLE"]),
    ],
)
def test_only_a_site_without_a_response_has_a_single_step(values: dict[str, str], listed: list[str]):
    stored = [
        SimpleNamespace(rule="MANIFEST-REACHABLE", outcome="UNKNOWN", remedy="Check the address.", values=values),
        SimpleNamespace(rule="TOKEN-REACHABLE", outcome="UNKNOWN", remedy="Check the logs.", values={}),
    ]
    assert [finding.rule for finding in findings_to_fix(stored)] == listed


def test_what_decides_the_verdict_comes_first(build: Build):
    for changes in (
        unreachable(),
        BEHIND_SSO,
        {"plugins": {"oauth": "1", "mobile": "2"}, "token": {"kind": "missing"}},
    ):
        for setup in evaluate(build(**changes)).setups():
            listed = next_steps(setup)
            assert listed[0].outcome.value == setup.verdict.value
            assert [SEVERITY[found.outcome] for found in listed] == sorted(SEVERITY[found.outcome] for found in listed)
            assert {found.outcome for found in listed} <= SERIOUS
