"""Each rule with the observations that trip it and the nearest one that does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rollout.compatibility.observation import Observation
from rollout.compatibility.rules import GRAVEST_FIRST, RULES, gravest_first, judge, rule
from rollout.compatibility.verdict import Finding, Judgement, Outcome, Road, Verdict

Build = Callable[..., Observation]

PASS, WARNING, UNKNOWN = Outcome.PASS, Outcome.WARNING, Outcome.UNKNOWN
ACTION, INCOMPATIBLE = Outcome.ACTION_NEEDED, Outcome.INCOMPATIBLE

SILENT = {"status": None, "error": "timeout", "content_type": ""}
SSO = {"status": 302, "location": "https://sso.example.com/login?state=hunter2", "content_type": "text/html"}
OWN_LOGIN = {"status": 302, "location": "/wiki/login.action", "content_type": "text/html"}
NOT_FOUND = {"status": 404, "content_type": "text/html"}
UNREAD = {"product": None, "version": None, "canonical_url": None}
TRIAL = {"base_url": "http://127.0.0.1:8090", "tls": {"kind": "plain"}}


def jira(version: str, **plugins: Any) -> dict[str, Any]:
    return {"product": "jira", "manifest": {"product": "jira", "version": version}, "plugins": plugins}


def finding(judgement: Judgement, name: str) -> Finding | None:
    """What the rule found on the road without MDM, where every rule applies; None when it said nothing."""
    return next((found for found in judgement.non_mdm.findings if found.rule == name), None)


def test_it_works(ready: Observation):
    judgement = judge(ready)
    assert judgement.mdm.verdict is Verdict.READY_MDM
    assert judgement.non_mdm.verdict is Verdict.READY_NON_MDM
    assert judgement.matrix == "2024-10-07"
    assert {found.outcome for road in judgement.roads() for found in road.findings} == {PASS}


# rule, change → outcome. The ready observation, where every rule passes, is the nearest that does not trip;
# rows with PASS or None are nearer still.
TABLE: list[tuple[str, dict[str, Any], Outcome | None]] = [
    ("HTTPS", {"base_url": "http://confluence.example.com"}, ACTION),
    ("HTTPS", {"base_url": "http://127.0.0.1.example.com"}, ACTION),
    ("HTTPS", {"base_url": "nonsense"}, ACTION),
    ("HTTPS", {"base_url": "http://127.0.0.1:8090"}, WARNING),
    ("HTTPS", {"base_url": "http://localhost:8090/wiki"}, WARNING),
    ("HTTPS", {"base_url": "HTTPS://localhost"}, PASS),
    ("TLS-VALID", {"tls": {"kind": "untrusted", "detail": "self-signed certificate"}}, ACTION),
    ("TLS-VALID", {"tls": {"kind": "expired"}}, ACTION),
    ("TLS-VALID", {"tls": {"kind": "wrong_host"}}, ACTION),
    ("TLS-VALID", {"tls": {"kind": "error", "detail": "handshake failure"}}, UNKNOWN),
    ("TLS-VALID", {"tls": {"kind": "unreachable"}}, UNKNOWN),
    ("TLS-VALID", {"tls": {"kind": "never heard of"}}, UNKNOWN),
    ("TLS-VALID", {"tls": {"kind": "plain"}}, None),
    ("TLS-VALID", {"tls": {"expires_at": datetime(2025, 3, 25, 12, 29, tzinfo=UTC)}}, WARNING),
    ("TLS-VALID", {"tls": {"expires_at": datetime(2025, 3, 25, 12, 30, tzinfo=UTC)}}, PASS),
    ("TLS-VALID", {"tls": {"expires_at": None}}, PASS),
    ("TLS-VALID", {"tls": {"expires_at": datetime(2025, 3, 5)}}, PASS),  # noqa: DTZ001
    ("MANIFEST-REACHABLE", {"manifest": {**UNREAD, "answer": SILENT}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {"manifest": {**UNREAD, "answer": SSO}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {"manifest": {**UNREAD, "answer": OWN_LOGIN}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {"manifest": {**UNREAD, "answer": NOT_FOUND}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {"manifest": {**UNREAD, "answer": {"status": 401}}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {"manifest": {**UNREAD, "answer": {"status": 503}}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {"manifest": {"version": None}}, PASS),
    ("PRODUCT", {"manifest": {"product": "jira"}}, ACTION),
    ("PRODUCT", {"manifest": {"product": None}}, UNKNOWN),
    ("PRODUCT", {"manifest": {"product": "Confluence"}}, PASS),
    ("PRODUCT", {"manifest": UNREAD}, None),
    ("PRODUCT", {"product": "bamboo", "manifest": {"product": "bamboo"}}, UNKNOWN),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://confluence.example.com"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "http://confluence.example.com/wiki"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://wiki.example.com/wiki"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://confluence.example.com/Wiki"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://admin:hunter2@confluence.example.com"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": None}}, UNKNOWN),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://CONFLUENCE.example.com:443/wiki/"}}, PASS),
    ("BASE-URL-MATCH", {"manifest": UNREAD}, None),
    ("BASE-URL-MATCH", {**TRIAL, "manifest": {"canonical_url": "http://127.0.0.1:8090/"}}, PASS),
    ("BASE-URL-MATCH", {**TRIAL, "manifest": {"canonical_url": "http://127.0.0.1:8091"}}, ACTION),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.0.99"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.1.0-rc1"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.1.0-SNAPSHOT"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "8.5.31"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.1"}}, PASS),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.2.0-m05"}}, PASS),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "10.2.0"}}, PASS),
    ("CONFLUENCE-VERSION", {"manifest": {"version": None}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "nine"}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9" * 6000}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "%(secret)s %s %"}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {**UNREAD, "answer": SSO}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {**UNREAD, "answer": SILENT}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"product": "jira"}, None),
    ("JIRA-VERSION", {}, None),
    ("JIRA-VERSION", jira("9.12.13"), INCOMPATIBLE),
    ("JIRA-VERSION", jira("8.20.30"), INCOMPATIBLE),
    ("JIRA-VERSION", jira("9.12.14"), PASS),
    ("JIRA-VERSION", jira("9.13.0"), UNKNOWN),
    ("JIRA-VERSION", jira("10.0.1"), UNKNOWN),
    ("JIRA-VERSION", jira("10.1.0-rc1"), INCOMPATIBLE),
    ("JIRA-VERSION", jira("10.1.0"), PASS),
    ("JIRA-VERSION", jira(""), UNKNOWN),
    ("JIRA-VERSION", jira("ten"), UNKNOWN),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "4.1.0"}}, INCOMPATIBLE),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "4.1.1-rc2"}}, INCOMPATIBLE),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "4.1.1"}}, PASS),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "4.10"}}, PASS),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": None}}, UNKNOWN),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": ""}}, UNKNOWN),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "newest"}}, UNKNOWN),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": None, "source": "gatepass"}}, PASS),
    ("OAUTH-PLUGIN", {"manifest": {"version": None}, "plugins": {"oauth": "4.1.0"}}, INCOMPATIBLE),
    ("OAUTH-PLUGIN", jira("9.12.14", oauth="3.1.14"), PASS),
    ("OAUTH-PLUGIN", jira("9.12.14", oauth="3.1.13"), INCOMPATIBLE),
    ("OAUTH-PLUGIN", jira("10.1.0", oauth="4.0.9"), INCOMPATIBLE),
    ("OAUTH-PLUGIN", jira("10.1.0", oauth="4.1.0"), PASS),
    ("OAUTH-PLUGIN", jira("10.0.0", oauth="4.1.0"), UNKNOWN),
    ("OAUTH-PLUGIN", jira("", oauth="4.1.0"), UNKNOWN),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "intercepted", "answer": SSO}}, WARNING),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "missing", "answer": NOT_FOUND}}, ACTION),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "error", "answer": {"status": 500}}}, UNKNOWN),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "unreachable", "answer": SILENT}}, UNKNOWN),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "never heard of"}}, UNKNOWN),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "answers", "answer": OWN_LOGIN}}, PASS),
    ("TOKEN-REACHABLE", {"token": {"kind": "intercepted", "answer": SSO}}, ACTION),
    ("TOKEN-REACHABLE", {"token": {"kind": "missing", "answer": NOT_FOUND}}, ACTION),
    ("TOKEN-REACHABLE", {"token": {"kind": "error", "answer": {"status": 502}}}, UNKNOWN),
    ("TOKEN-REACHABLE", {"token": {"kind": "unreachable", "answer": SILENT}}, UNKNOWN),
    ("TOKEN-REACHABLE", {"token": {"kind": "answers", "answer": {"status": 401}}}, PASS),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": "19.1.46"}}, INCOMPATIBLE),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": "19.1.47"}}, PASS),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": "19.1.47.1"}}, PASS),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": None}}, UNKNOWN),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": "19,1"}}, UNKNOWN),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": None, "source": "gatepass"}}, PASS),
    ("MOBILE-PLUGIN", jira("10.1.0", oauth="4.1.0", mobile="99"), UNKNOWN),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "redirect", "redirect_host": "sso.example.com"}}, INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "redirect", "answer": SSO}}, INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "redirect", "answer": OWN_LOGIN}}, INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "login_page"}}, INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "unauthorized", "answer": {"status": 401}}}, INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "disabled", "answer": {"status": 503}}}, ACTION),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "missing", "answer": NOT_FOUND}}, ACTION),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "error", "answer": {"status": 500}}}, UNKNOWN),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "unreachable", "answer": SILENT}}, UNKNOWN),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "never heard of"}}, UNKNOWN),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "json", "client_id": None}}, PASS),
    ("OAUTH-SWITCH", {"info_login": {"client_id": None}}, ACTION),
    ("OAUTH-SWITCH", {"info_login": {"client_id": ""}}, ACTION),
    ("OAUTH-SWITCH", {"info_login": {"client_id": "x"}}, PASS),
    ("OAUTH-SWITCH", {"info_login": {"kind": "redirect", "client_id": None}}, None),
]


@pytest.mark.parametrize(("name", "changes", "outcome"), TABLE)
def test_rule(build: Build, name: str, changes: dict[str, Any], outcome: Outcome | None):
    found = finding(judge(build(**changes)), name)
    assert (found and found.outcome) == outcome


@pytest.mark.parametrize(("name", "changes", "outcome"), TABLE)
def test_every_finding_speaks_plainly_and_keeps_secrets(
    build: Build, name: str, changes: dict[str, Any], outcome: Outcome | None
):
    for found in judge(build(**changes)).non_mdm.findings:
        rendered = found.to_json()
        sentence, remedy = rendered["evidence"]["summary"], rendered["remedy"]
        assert sentence.endswith(".")
        assert bool(remedy) == (found.outcome is not PASS)
        assert all(isinstance(value, str) for value in found.values.values())
        assert "None" not in sentence + remedy
        assert "hunter2" not in sentence + remedy
        assert "abc123" not in sentence + remedy
        assert len(sentence) < 400


def test_every_rule_is_tripped_and_passed_in_the_table():
    tripped = {name for name, _, outcome in TABLE if outcome not in (PASS, None)}
    spared = {name for name, _, outcome in TABLE if outcome is PASS}
    assert tripped == spared == {entry.id for entry in RULES}


@pytest.mark.parametrize(
    ("changes", "mdm", "non_mdm"),
    [
        ({"info_login": {"kind": "redirect", "redirect_host": "sso.example.com"}}, "READY_MDM", "INCOMPATIBLE"),
        ({"info_login": {"client_id": None}}, "READY_MDM", "ACTION_NEEDED"),
        ({"plugins": {"mobile": "18"}}, "READY_MDM", "INCOMPATIBLE"),
        ({"plugins": {"oauth": None}}, "UNKNOWN", "UNKNOWN"),
        ({"plugins": {"oauth": "4.0"}}, "INCOMPATIBLE", "INCOMPATIBLE"),
        ({"manifest": {"version": "9.0"}}, "INCOMPATIBLE", "INCOMPATIBLE"),
        ({"manifest": {**UNREAD, "answer": SSO}}, "UNKNOWN", "UNKNOWN"),
        ({"token": {"kind": "intercepted", "answer": SSO}}, "ACTION_NEEDED", "ACTION_NEEDED"),
        ({"authorize": {"kind": "intercepted", "answer": SSO}}, "READY_MDM", "READY_NON_MDM"),
        ({**TRIAL, "manifest": {"canonical_url": "http://127.0.0.1:8090"}}, "READY_MDM", "READY_NON_MDM"),
        ({"product": "bamboo", "manifest": {"product": "bamboo"}}, "UNKNOWN", "UNKNOWN"),
        (jira("10.1.0", oauth="4.1.0"), "READY_MDM", "UNKNOWN"),
        (jira("10.0.0", oauth="4.1.0"), "UNKNOWN", "UNKNOWN"),
    ],
)
def test_verdict(build: Build, changes: dict[str, Any], mdm: str, non_mdm: str):
    judgement = judge(build(**changes))
    assert (judgement.mdm.verdict, judgement.non_mdm.verdict) == (mdm, non_mdm)


def test_a_site_that_cannot_be_reached_is_unknown(build: Build):
    silent = {"kind": "unreachable", "answer": SILENT}
    judgement = judge(
        build(
            manifest={**UNREAD, "answer": SILENT},
            info_login={**silent, "client_id": None},
            authorize=silent,
            token=silent,
            tls={"kind": "unreachable", "expires_at": None},
        )
    )
    assert {road.verdict for road in judgement.roads()} == {Verdict.UNKNOWN}


def test_the_proxy_is_named(build: Build):
    found = finding(judge(build(info_login={"kind": "redirect", "answer": SSO})), "INFO-LOGIN-OPEN")
    assert found is not None
    assert found.to_json()["evidence"]["summary"] == "The reverse proxy sends the app to sso.example.com."
    assert found.to_json()["remedy"].startswith("Use MDM, or let this one path")


def test_a_failing_site_is_not_taken_for_a_wrong_address(build: Build):
    found = finding(judge(build(manifest={**UNREAD, "answer": {"status": 503}})), "MANIFEST-REACHABLE")
    assert found is not None
    assert found.to_json()["evidence"]["summary"] == "The site failed when it was asked for its manifest (503)."
    assert "logs" in found.remedy


def test_an_undocumented_plugin_key_is_not_presented_as_a_fact(build: Build):
    judgement = judge(build(plugins={"oauth": None, "mobile": None}))
    oauth, mobile = finding(judgement, "OAUTH-PLUGIN"), finding(judgement, "MOBILE-PLUGIN")
    assert oauth is not None
    assert mobile is not None
    assert "seems to be com.atlassian.oauth2.oauth2-provider-plugin" in oauth.to_json()["remedy"]
    assert "(com.atlassian.confluence.plugins.confluence-mobile-plugin)" in mobile.to_json()["remedy"]


def test_the_menu_of_confluence_is_named_for_confluence_only(build: Build):
    elsewhere = {"canonical_url": "https://other.example.com"}
    confluence = finding(judge(build(manifest=elsewhere)), "BASE-URL-MATCH")
    other = finding(judge(build(product="jira", manifest={"product": "jira", **elsewhere})), "BASE-URL-MATCH")
    assert confluence is not None
    assert other is not None
    assert "Settings → General Configuration" in confluence.remedy
    assert "Settings" not in other.remedy


def test_both_versions_are_named(build: Build):
    found = finding(judge(build(manifest={"version": "9.0.3"})), "CONFLUENCE-VERSION")
    assert found is not None
    assert found.to_json()["evidence"]["summary"] == "Confluence 9.0.3 is too old: 9.1 or later is needed."
    assert found.to_json()["remedy"] == "Upgrade Confluence to 9.1 or later."
    assert found.evidence()["asked"] == "GET https://confluence.example.com/wiki/rest/applinks/1.0/manifest"


def test_what_a_server_answers_is_quoted_as_one_short_line(build: Build):
    found = finding(judge(build(manifest={"version": "9\n\x1b[31m\u202e" + "x" * 10_000})), "CONFLUENCE-VERSION")
    assert found is not None
    assert found.values["found"].isprintable()
    assert len(found.values["found"]) <= 81


def test_rules_without_mdm_stay_off_the_mdm_road(ready: Observation):
    only = {entry.id for entry in RULES if entry.roads == (Road.NON_MDM,)}
    assert only == {"MOBILE-PLUGIN", "INFO-LOGIN-OPEN", "OAUTH-SWITCH"}
    assert not only & {found.rule for found in judge(ready).mdm.findings}


def test_findings_come_gravest_first_then_in_table_order(build: Build):
    later = build(tls={"kind": "expired"}, plugins={"oauth": "4.0", "mobile": "18"}, token={"kind": "error"})
    outcomes = [found.outcome for found in judge(later).non_mdm.findings]
    assert outcomes == sorted(outcomes, key=GRAVEST_FIRST.index)
    rules = [found.rule for found in judge(later).non_mdm.findings]
    assert rules[:4] == ["OAUTH-PLUGIN", "MOBILE-PLUGIN", "TLS-VALID", "TOKEN-REACHABLE"]
    assert rules[4:] == [entry.id for entry in RULES if entry.id in rules[4:]]


def test_findings_of_a_rule_that_is_gone_still_sort():
    gone = Finding("GONE", PASS, "Fine.", "", {})
    known = Finding("HTTPS", PASS, "Fine.", "", {})
    assert gravest_first([gone, known]) == (known, gone)


def test_rule_ids_are_unique_and_stable():
    ids = [entry.id for entry in RULES]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Z]+(-[A-Z]+)*", name) for name in ids)
    assert all(entry.source.startswith("https://") for entry in RULES)
    assert [rule(name).id for name in ids] == ids


def test_an_unknown_rule_id_is_refused():
    with pytest.raises(KeyError):
        rule("NO-SUCH-RULE")


def test_every_rule_has_a_heading_in_the_docs():
    text = (Path(__file__).parents[3] / "docs" / "rules.md").read_text()
    headings = re.findall(r"^### ([A-Z-]+)$", text, re.MULTILINE)
    assert headings == [entry.id for entry in RULES]
    assert all(entry.source in text for entry in RULES)


def test_the_certificate_warning_names_the_day(build: Build):
    soon = build(tls={"expires_at": datetime(2025, 3, 6, tzinfo=UTC) + timedelta(hours=1)})
    found = finding(judge(soon), "TLS-VALID")
    assert found is not None
    assert "2025-03-06" in found.to_json()["evidence"]["summary"]
