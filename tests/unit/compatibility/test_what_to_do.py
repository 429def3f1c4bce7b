"""The shortest list of things to do first."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from rollout.compatibility.observation import Fingerprint, Observation
from rollout.compatibility.rules import evaluate
from rollout.compatibility.verdict import SERIOUS, SEVERITY
from rollout.compatibility.what_to_do import first_things, what_to_do

Build = Callable[..., Observation]

SILENT = {"status": None, "error": "refused", "content_type": ""}
SSO = {"status": 302, "location": "https://sso.example.com/login", "content_type": "text/html"}
UNREAD = {"product": None, "version": None, "canonical_url": None}
ALONE = {"login_page": None, "fingerprint": Fingerprint(), "status": None, "plain_http": None, "metadata": None}


def unreachable(error: str = "refused", **tls: Any) -> dict[str, Any]:
    nobody = {"kind": "unreachable", "answer": {**SILENT, "error": error}}
    return {
        **ALONE,
        "manifest": {**UNREAD, "answer": nobody["answer"]},
        "info_login": {**nobody, "client_id": None},
        "info_login_plain": None,
        "authorize": nobody,
        "token": nobody,
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
    return [found.rule for found in what_to_do(evaluation.mdm)], [
        found.rule for found in what_to_do(evaluation.non_mdm)
    ]


def test_a_ready_site_has_nothing_to_do(ready: Observation):
    assert rules_of(ready) == ([], [])


@pytest.mark.parametrize(
    ("changes", "mdm", "non_mdm"),
    [
        (unreachable(), ["MANIFEST-REACHABLE"], ["MANIFEST-REACHABLE"]),
        (unreachable("tls", kind="expired"), ["TLS-VALID"], ["TLS-VALID"]),
        (unreachable("tls", kind="error", detail="x"), ["TLS-VALID"], ["TLS-VALID"]),
        (unreachable("not_https", kind="plain") | {"base_url": "http://a.example.com"}, ["HTTPS"], ["HTTPS"]),
        # What an administrator entered is known even of a site that does not answer, and decides.
        (
            unreachable() | {"plugins": {"oauth": "4.0"}},
            ["OAUTH-PLUGIN", "MANIFEST-REACHABLE"],
            ["OAUTH-PLUGIN", "MANIFEST-REACHABLE"],
        ),
        (
            BEHIND_SSO,
            ["TOKEN-REACHABLE", "MANIFEST-REACHABLE"],
            ["INFO-LOGIN-OPEN", "TOKEN-REACHABLE", "MANIFEST-REACHABLE"],
        ),
        # A new server brings new plugins: they are looked at again then.
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


def test_the_same_advice_is_given_once(build: Build):
    nowhere = {"kind": "missing", "answer": {"status": 404}}
    assert rules_of(build(authorize=nowhere, token=nowhere)) == (["AUTHORIZE-REACHABLE"], ["AUTHORIZE-REACHABLE"])


def test_stored_findings_get_the_same_list(build: Build):
    setup = evaluate(build(**BEHIND_SSO)).non_mdm
    stored = [
        SimpleNamespace(rule=found.rule, outcome=found.outcome.value, remedy=found.remedy, values=found.values)
        for found in setup.findings
    ]
    assert [found.rule for found in first_things(stored)] == [found.rule for found in what_to_do(setup)]


def test_what_decides_the_verdict_comes_first(build: Build):
    for changes in (
        unreachable(),
        BEHIND_SSO,
        {"plugins": {"oauth": "1", "mobile": "2"}, "token": {"kind": "missing"}},
    ):
        for setup in evaluate(build(**changes)).setups():
            listed = what_to_do(setup)
            assert listed[0].outcome.value == setup.verdict.value
            assert [SEVERITY[found.outcome] for found in listed] == sorted(SEVERITY[found.outcome] for found in listed)
            assert {found.outcome for found in listed} <= SERIOUS
