"""Each rule with observations that fail it and the nearest one that passes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rollout.compatibility.matrix import MATRIX, Matrix
from rollout.compatibility.observation import (
    Answer,
    Certificate,
    Endpoint,
    Fingerprint,
    KnownLinks,
    Observation,
    PhoneResult,
    PluginVersions,
)
from rollout.compatibility.rules import MOST_SEVERE_FIRST, RULES, evaluate, most_severe_first, rule
from rollout.compatibility.verdict import Evaluation, Finding, Outcome, Setup, Verdict
from rollout.compatibility.version import Version
from tests.support.observations import NOW, answer
from tests.support.paths import ROOT

Build = Callable[..., Observation]

PASS, WARNING, UNKNOWN = Outcome.PASS, Outcome.WARNING, Outcome.UNKNOWN
ACTION, INCOMPATIBLE = Outcome.ACTION_NEEDED, Outcome.INCOMPATIBLE

BASE = "https://confluence.example.com/wiki"
SOON = datetime(2025, 3, 20, tzinfo=UTC)
NINETY_DAYS_BEFORE = datetime(2024, 12, 4, 12, 30, tzinfo=UTC)
SILENT = {"status": None, "error": "timeout", "content_type": ""}
SSO = {"status": 302, "location": "https://sso.example.com/login?state=hunter2", "content_type": "text/html"}
OWN_LOGIN = {"status": 302, "location": "/wiki/login.action", "content_type": "text/html"}
NOT_FOUND = {"status": 404, "content_type": "text/html"}
TO_PLAIN_HTTP = {"status": 301, "location": "http://confluence.example.com/wiki/rest"}
CIRCLE = {"status": None, "error": "too_many_redirects"}
NOT_SENT = {"status": None, "error": "not_sent", "content_type": ""}
RESET = {"status": None, "error": "reset", "content_type": ""}
FORBIDDEN = {"kind": "refused", "answer": {"status": 403, "refusal": "forbidden"}}
PHONE = PhoneResult("mdm", True, datetime(2025, 3, 3, tzinfo=UTC), app_version="2.0.1", client_certificate=True)
FAILED_PHONE = PhoneResult("mdm", False, datetime(2025, 3, 3, tzinfo=UTC), step="return", app_version="2.0.1")
PLAIN_AUTHORIZE = Endpoint(answer("rest/oauth2/latest/authorize"), "answers")
TO_CONTEXT = Answer("GET", "https://confluence.example.com/", NOW, 302, location="/confluence/")
OWN_ROOT = Answer("GET", "https://confluence.example.com/", NOW, 302, location="/login.action")
UNREAD = {"product": None, "version": None, "canonical_url": None}
NO_PAGE = {"login_page": None, "fingerprint": Fingerprint()}
SHUT = {"manifest": {**UNREAD, "answer": {"status": 401}}}
TRIAL = {"base_url": "http://127.0.0.1:8090", "tls": {"kind": "plain"}}


def jira(version: str, **plugins: Any) -> dict[str, Any]:
    manifest = {"product": "jira", "version": version}
    return {"product": "jira", "manifest": manifest, "login_page": None, "plugins": plugins}


def finding(evaluation: Evaluation, name: str) -> Finding | None:
    """The finding of a rule, for either setup; None if it returned none."""
    return next((found for setup in evaluation.setups() for found in setup.findings if found.rule == name), None)


def info(kind: str, **changes: Any) -> dict[str, Any]:
    """Both User-Agents get this response, without a client ID unless changed."""
    part = {"kind": kind, "client_id": None, **changes}
    return {"info_login": part, "info_login_plain": part}


def everywhere(refusal: str, **changes: Any) -> dict[str, Any]:
    """Every request was refused in this way."""
    refused = {"status": 403, "content_type": "text/html", "refusal": refusal, **changes}
    return {**info("refused", answer=refused), "manifest": {**UNREAD, "answer": refused}}


def test_it_works(ready: Observation):
    evaluation = evaluate(ready)
    assert evaluation.mdm.verdict is Verdict.READY_MDM
    assert evaluation.non_mdm.verdict is Verdict.READY_NON_MDM
    assert evaluation.matrix == "2024-10-07"
    assert {found.outcome for setup in evaluation.setups() for found in setup.findings} == {PASS}


# rule, change → outcome. The ready observation passes every rule; rows with PASS or None are closer to failing.
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
    ("TLS-VALID", {"tls": {"kind": "unheard-of"}}, UNKNOWN),
    ("TLS-VALID", {"tls": {"kind": "plain"}}, None),
    ("TLS-VALID", {"tls": {"expires_at": datetime(2025, 4, 3, 12, 29, tzinfo=UTC)}}, WARNING),
    ("TLS-VALID", {"tls": {"expires_at": datetime(2025, 4, 3, 12, 30, tzinfo=UTC)}}, PASS),
    ("TLS-VALID", {"tls": {"expires_at": None}}, PASS),
    ("TLS-VALID", {"tls": {"expires_at": datetime(2025, 3, 5)}}, PASS),  # noqa: DTZ001
    ("TLS-VALID", {"tls": {"chain": (Certificate("a", "b"), Certificate("b", "c", expires_at=SOON))}}, WARNING),
    ("TLS-VALID", {"tls": {"chain": (Certificate("a", "b", expires_at=SOON), Certificate("b", "c"))}}, PASS),
    ("TLS-PRIVATE-CA", {"tls": {"trust": "site"}}, WARNING),
    ("TLS-PRIVATE-CA", {"tls": {"trust": "system"}}, PASS),
    ("TLS-PRIVATE-CA", {"tls": {"kind": "untrusted", "trust": "site"}}, None),
    ("PLAIN-HTTP", {"plain_http": {"kind": "loop"}}, ACTION),
    ("PLAIN-HTTP", {"plain_http": {"kind": "serves"}}, WARNING),
    ("PLAIN-HTTP", {"plain_http": {"kind": "elsewhere", "answer": SSO}}, WARNING),
    ("PLAIN-HTTP", {"plain_http": {"kind": "redirects"}}, PASS),
    ("PLAIN-HTTP", {"plain_http": {"kind": "closed", "answer": SILENT}}, PASS),
    ("PLAIN-HTTP", {"plain_http": {"kind": "error"}}, None),
    ("PLAIN-HTTP", {"plain_http": None}, None),
    ("SITE-ACCESS", {"manifest": {**UNREAD, "answer": SILENT}}, UNKNOWN),
    ("SITE-ACCESS", {"manifest": {**UNREAD, "answer": {"status": None, "error": "blocked_address"}}}, UNKNOWN),
    ("SITE-ACCESS", {"manifest": {**UNREAD, "answer": {"status": None, "error": "http2_only"}}}, UNKNOWN),
    ("SITE-ACCESS", {"manifest": {**UNREAD, "answer": {"status": None, "error": "tls"}}}, None),
    ("SITE-ACCESS", everywhere("firewall"), UNKNOWN),
    ("SITE-ACCESS", everywhere("forbidden"), UNKNOWN),
    ("SITE-ACCESS", everywhere("maintenance"), UNKNOWN),
    ("SITE-ACCESS", everywhere("other_page"), UNKNOWN),
    ("SITE-ACCESS", everywhere("moved", status=301, location="https://docs.example.com/wiki/rest/x"), ACTION),
    ("SITE-ACCESS", everywhere("cloud"), INCOMPATIBLE),
    ("SITE-ACCESS", everywhere("sign_in", status=302), PASS),
    ("SITE-ACCESS", {"manifest": {**UNREAD, "answer": {"status": 403, "refusal": "forbidden"}}}, PASS),
    ("CLIENT-CERTIFICATE", everywhere("client_certificate", status=400), UNKNOWN),
    (
        "CLIENT-CERTIFICATE",
        {"manifest": {**UNREAD, "answer": {"status": None, "error": "client_certificate"}}},
        UNKNOWN,
    ),
    ("CLIENT-CERTIFICATE", {"client_certificate": True}, UNKNOWN),
    ("CLIENT-CERTIFICATE", {"client_certificate": True, "phone_results": (FAILED_PHONE,)}, UNKNOWN),
    ("CLIENT-CERTIFICATE", {"client_certificate": True, "phone_results": (PHONE,)}, PASS),
    ("CLIENT-CERTIFICATE", {}, None),
    ("RATE-LIMIT", {"rate_limited": answer("rest/applinks/1.0/manifest", status=429)}, WARNING),
    ("RATE-LIMIT", {}, None),
    ("AUTHORIZE-TARGET", {"authorize": {"leads_to": "http://confluence.example.com/wiki/login.action"}}, ACTION),
    ("AUTHORIZE-TARGET", {"authorize": {"leads_to": "https://confluence.example.com:8443/wiki/login.action"}}, ACTION),
    ("AUTHORIZE-TARGET", {"authorize": {"leads_to": "https://node1/wiki/login.action"}}, ACTION),
    ("AUTHORIZE-TARGET", {"authorize": {"leads_to": "http://node1:8090/login.action"}}, ACTION),
    ("AUTHORIZE-TARGET", {"login_page": {"form_action": "http://10.1.2.3:8090/dologin.action"}}, ACTION),
    ("AUTHORIZE-TARGET", {"authorize": {"leads_to": "https://sso.example.com/login"}}, PASS),
    ("AUTHORIZE-TARGET", {"authorize": {"leads_to": "https://confluence.example.com:8443/adfs/ls"}}, PASS),
    ("AUTHORIZE-TARGET", {"authorize": {"leads_to": "confluence-server://oauth-callback?error=x"}}, PASS),
    ("AUTHORIZE-TARGET", {"authorize": {"leads_to": "https://["}}, PASS),
    ("AUTHORIZE-TARGET", {"authorize": {"leads_to": None}}, None),
    ("REST-API", {"rest_api": {"kind": "intercepted", "answer": SSO}}, ACTION),
    ("REST-API", {"rest_api": {"kind": "intercepted", "answer": {"content_type": "text/html"}}}, ACTION),
    ("REST-API", {"rest_api": {"kind": "refused", "answer": {"status": 403, "refusal": "firewall"}}}, ACTION),
    ("REST-API", {"rest_api": {"kind": "refused", "answer": {"status": 429, "refusal": "rate_limit"}}}, UNKNOWN),
    ("REST-API", {"rest_api": {"kind": "missing", "answer": NOT_FOUND}}, UNKNOWN),
    ("REST-API", {"rest_api": {"kind": "error", "answer": {"status": 500}}}, UNKNOWN),
    ("REST-API", {"rest_api": {"kind": "unreachable", "answer": NOT_SENT}}, UNKNOWN),
    ("REST-API", {"rest_api": {"kind": "answers", "answer": {"status": 403}}}, PASS),
    ("REST-API", {"rest_api": None}, None),
    ("CLIENT-ID-AUTHORIZE", {"authorize_unknown": {"answer": {"status": 400}}}, PASS),
    ("CLIENT-ID-AUTHORIZE", {"authorize_unknown": {"answer": {"status": 200}}}, PASS),
    ("CLIENT-ID-AUTHORIZE", {"authorize": {"answer": {"status": 400}}}, ACTION),
    ("CLIENT-ID-AUTHORIZE", {"authorize": {"oauth_error": "invalid_client"}}, ACTION),
    ("CLIENT-ID-AUTHORIZE", {"authorize_unknown": None}, None),
    ("CLIENT-ID-AUTHORIZE", {"authorize_unknown": {"answer": NOT_SENT}}, None),
    ("INFO-LOGIN-MDM", info("redirect", redirect_host="sso.example.com"), WARNING),
    ("INFO-LOGIN-MDM", {**info("redirect"), "phone_results": (PHONE,)}, None),
    ("INFO-LOGIN-MDM", everywhere("firewall"), None),
    ("INFO-LOGIN-MDM", {}, None),
    ("PHONE-MDM", {"phone_results": (FAILED_PHONE, PHONE)}, ACTION),
    ("PHONE-MDM", {"phone_results": (PHONE, FAILED_PHONE)}, PASS),
    ("PHONE-MDM", {"phone_results": (replace(FAILED_PHONE, setup="non_mdm"),)}, None),
    ("PHONE-NON-MDM", {"phone_results": (replace(FAILED_PHONE, setup="non_mdm"),)}, ACTION),
    ("PHONE-NON-MDM", {"phone_results": (replace(PHONE, setup="non_mdm"),)}, PASS),
    ("PRODUCT", {"manifest": {"version": "1000.0.0-60b5e2e6d6c9"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "1000.0.0-60b5e2e6d6c9"}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {"product": "stash", "version": "8.19.2"}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {"product": "jira", "version": "10.3.0"}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {"manifest": {**UNREAD, "answer": NOT_FOUND}, **NO_PAGE, "root": TO_CONTEXT}, ACTION),
    ("MANIFEST-REACHABLE", {"manifest": {**UNREAD, "answer": NOT_FOUND}, **NO_PAGE, "root": OWN_ROOT}, UNKNOWN),
    ("MANIFEST-REACHABLE", {**everywhere("sign_in", status=200), **NO_PAGE}, UNKNOWN),
    (
        "MANIFEST-REACHABLE",
        {"manifest": {**UNREAD, "answer": {"status": 403, "refusal": "forbidden"}}, **NO_PAGE},
        UNKNOWN,
    ),
    ("TOKEN-REACHABLE", {"token": {"kind": "refused", "answer": {"status": 403, "refusal": "forbidden"}}}, ACTION),
    ("TOKEN-REACHABLE", {**everywhere("forbidden"), "token": FORBIDDEN}, UNKNOWN),
    ("TOKEN-REACHABLE", {"token": {"kind": "unreachable", "answer": NOT_SENT}}, UNKNOWN),
    (
        "AUTHORIZE-REACHABLE",
        {"authorize": {"kind": "refused", "answer": {"status": 401, "refusal": "sign_in"}}},
        UNKNOWN,
    ),
    (
        "AUTHORIZE-REACHABLE",
        {"authorize": {"kind": "refused", "answer": {"status": 403, "refusal": "firewall"}}},
        UNKNOWN,
    ),
    ("INFO-LOGIN-OPEN", info("other_json", fields=("code", "message")), UNKNOWN),
    ("INFO-LOGIN-OPEN", info("refused", answer={"status": 403, "refusal": "forbidden"}), ACTION),
    ("INFO-LOGIN-OPEN", everywhere("maintenance"), UNKNOWN),
    ("INFO-LOGIN-OPEN", info("error", answer=CIRCLE), ACTION),
    ("INFO-LOGIN-OPEN", info("redirect", answer=TO_PLAIN_HTTP), ACTION),
    ("INFO-LOGIN-OPEN", {**info("missing", answer=NOT_FOUND), "manifest": {**UNREAD, "answer": NOT_FOUND}}, UNKNOWN),
    ("USER-AGENT", {"authorize": {"kind": "refused"}, "authorize_plain": PLAIN_AUTHORIZE}, ACTION),
    ("USER-AGENT", {"info_login": {"kind": "refused"}, "token": {"kind": "refused"}}, ACTION),
    ("USER-AGENT", {"info_login": {"kind": "unreachable", "answer": RESET}, "token": {"kind": "unreachable"}}, ACTION),
    ("USER-AGENT", {"info_login": {"kind": "refused"}}, WARNING),
    ("USER-AGENT", {"info_login": {"kind": "unreachable", "answer": NOT_SENT}}, None),
    ("TLS-VALID", {"tls": {"kind": "old_protocol", "detail": "protocol version"}}, ACTION),
    ("TLS-VALID", {"tls": {"kind": "client_certificate"}}, None),
    ("TLS-VALID", {"tls": {"kind": "http2_only"}}, None),
    ("REDIRECTS", {"manifest": {**UNREAD, "answer": CIRCLE}}, ACTION),
    ("REDIRECTS", {"info_login": {"kind": "error", "answer": CIRCLE}}, PASS),
    ("REDIRECTS", {"manifest": {**UNREAD, "answer": TO_PLAIN_HTTP}}, ACTION),
    ("REDIRECTS", {"manifest": {**UNREAD, "answer": OWN_LOGIN}}, PASS),
    ("REDIRECTS", {"manifest": {**UNREAD, "answer": SSO}}, PASS),
    ("REDIRECTS", {"manifest": {**UNREAD, "answer": SILENT}}, None),
    ("SERVER-STATUS", {"status": {"state": "MAINTENANCE"}, **SHUT}, UNKNOWN),
    ("SERVER-STATUS", {"status": {"state": "FIRST_RUN"}, **SHUT}, UNKNOWN),
    ("SERVER-STATUS", {"status": {"state": "STARTING"}, **SHUT}, UNKNOWN),
    ("SERVER-STATUS", {"status": {"state": "ERROR"}, **SHUT}, UNKNOWN),
    ("SERVER-STATUS", {"status": {"state": "ERROR"}}, WARNING),
    ("SERVER-STATUS", {"status": {"state": "running"}, **SHUT}, PASS),
    ("SERVER-STATUS", {"status": {"state": None}}, None),
    ("SERVER-STATUS", {"status": None}, None),
    ("MANIFEST-REACHABLE", {**NO_PAGE, "manifest": {**UNREAD, "answer": SILENT}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {**NO_PAGE, "manifest": {**UNREAD, "answer": SSO}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {**NO_PAGE, "manifest": {**UNREAD, "answer": OWN_LOGIN}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {**NO_PAGE, "manifest": {**UNREAD, "answer": NOT_FOUND}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {**NO_PAGE, "manifest": {**UNREAD, "answer": {"status": 401}}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {**NO_PAGE, "manifest": {**UNREAD, "answer": {"status": 503}}}, UNKNOWN),
    ("MANIFEST-REACHABLE", SHUT, WARNING),
    ("MANIFEST-REACHABLE", {**SHUT, "login_page": {"version": None}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {**SHUT, "login_page": {"kind": "intercepted"}}, UNKNOWN),
    ("MANIFEST-REACHABLE", {**SHUT, "fingerprint": Fingerprint()}, UNKNOWN),
    ("MANIFEST-REACHABLE", {"manifest": {"version": None}}, PASS),
    ("PRODUCT", {"manifest": {"product": "jira"}}, ACTION),
    ("PRODUCT", {"manifest": {"product": None}}, UNKNOWN),
    ("PRODUCT", {"manifest": {"product": "Confluence"}}, PASS),
    ("PRODUCT", {"manifest": UNREAD}, PASS),
    ("PRODUCT", {"manifest": UNREAD, "fingerprint": Fingerprint("jira", "x-arequestid")}, WARNING),
    ("PRODUCT", {"manifest": UNREAD, "fingerprint": Fingerprint()}, None),
    ("PRODUCT", {"product": "bamboo", "manifest": {"product": "bamboo"}}, UNKNOWN),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://confluence.example.com"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "http://confluence.example.com/wiki"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://wiki.example.com/wiki"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://confluence.example.com/Wiki"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://admin:hunter2@confluence.example.com"}}, ACTION),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": None}}, UNKNOWN),
    ("BASE-URL-MATCH", {"manifest": {"canonical_url": "https://CONFLUENCE.example.com:443/wiki/"}}, PASS),
    ("BASE-URL-MATCH", {**NO_PAGE, "manifest": UNREAD}, None),
    ("BASE-URL-MATCH", SHUT, PASS),
    ("BASE-URL-MATCH", {**SHUT, "login_page": {"base_url": "https://other.example.com"}}, ACTION),
    ("BASE-URL-MATCH", {**TRIAL, "manifest": {"canonical_url": "http://127.0.0.1:8090/"}}, PASS),
    ("BASE-URL-MATCH", {**TRIAL, "manifest": {"canonical_url": "http://127.0.0.1:8091"}}, ACTION),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.0.99"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.1.0-rc1"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.1.0-SNAPSHOT"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "8.5.31"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.1"}}, PASS),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9.2.0-m05"}}, PASS),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "10.2.0"}}, PASS),
    ("CONFLUENCE-VERSION", {"manifest": {"version": None}, "login_page": None}, UNKNOWN),
    ("CONFLUENCE-VERSION", SHUT, PASS),
    ("CONFLUENCE-VERSION", {**SHUT, "login_page": {"version": "9.0"}}, INCOMPATIBLE),
    ("CONFLUENCE-VERSION", {**SHUT, "login_page": {"kind": "script", "version": "9.0"}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "nine"}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "9" * 6000}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {"manifest": {"version": "%(secret)s %s %"}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {**NO_PAGE, "manifest": {**UNREAD, "answer": SSO}}, UNKNOWN),
    ("CONFLUENCE-VERSION", {**NO_PAGE, "manifest": {**UNREAD, "answer": SILENT}}, UNKNOWN),
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
    ("SOURCES-AGREE", {"login_page": {"version": "9.2.2"}}, WARNING),
    ("SOURCES-AGREE", {"login_page": {"version": "9.0.5"}}, UNKNOWN),
    ("SOURCES-AGREE", {"login_page": {"version": "nine"}}, UNKNOWN),
    ("SOURCES-AGREE", {"login_page": {"version": "9.2.1.0"}}, PASS),
    ("SOURCES-AGREE", {"login_page": {"base_url": "https://other.example.com"}}, WARNING),
    ("SOURCES-AGREE", {"login_page": {"base_url": "https://CONFLUENCE.example.com:443/wiki/"}}, PASS),
    ("SOURCES-AGREE", {"login_page": {"kind": "intercepted", "version": "1"}}, None),
    ("SOURCES-AGREE", SHUT, None),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "4.1.0"}}, INCOMPATIBLE),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "4.1.1-rc2"}}, INCOMPATIBLE),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "4.1.1"}}, PASS),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "4.10"}}, PASS),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": None}}, UNKNOWN),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": ""}}, UNKNOWN),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": "newest"}}, UNKNOWN),
    ("OAUTH-PLUGIN", {"plugins": {"oauth": None, "source": "gatepass"}}, PASS),
    ("OAUTH-PLUGIN", {**NO_PAGE, "manifest": {"version": None}, "plugins": {"oauth": "4.1.0"}}, INCOMPATIBLE),
    ("OAUTH-PLUGIN", jira("9.12.14", oauth="3.1.14"), PASS),
    ("OAUTH-PLUGIN", jira("9.12.14", oauth="3.1.13"), INCOMPATIBLE),
    ("OAUTH-PLUGIN", jira("10.1.0", oauth="4.0.9"), INCOMPATIBLE),
    ("OAUTH-PLUGIN", jira("10.1.0", oauth="4.1.0"), PASS),
    ("OAUTH-PLUGIN", jira("10.0.0", oauth="4.1.0"), UNKNOWN),
    ("OAUTH-PLUGIN", jira("", oauth="4.1.0"), UNKNOWN),
    ("OAUTH-PLUGIN-ENABLED", {"plugins": {"oauth_enabled": False}}, ACTION),
    ("OAUTH-PLUGIN-ENABLED", {"plugins": {"oauth_enabled": True}}, PASS),
    ("OAUTH-PLUGIN-ENABLED", {"plugins": {"oauth_enabled": None}}, None),
    ("PLUGIN-VERSIONS-AGE", {"plugins": {"as_of": NINETY_DAYS_BEFORE - timedelta(minutes=1)}}, WARNING),
    ("PLUGIN-VERSIONS-AGE", {"plugins": {"as_of": NINETY_DAYS_BEFORE}}, PASS),
    ("PLUGIN-VERSIONS-AGE", {"plugins": {"as_of": NINETY_DAYS_BEFORE, "source": "upm_json"}}, PASS),
    ("PLUGIN-VERSIONS-AGE", {"plugins": {"as_of": datetime(2020, 1, 1)}}, PASS),  # noqa: DTZ001
    ("PLUGIN-VERSIONS-AGE", {"plugins": {"as_of": datetime(2020, 1, 1, tzinfo=UTC), "source": "gatepass"}}, None),
    ("PLUGIN-VERSIONS-AGE", {"plugins": {"as_of": None}}, None),
    ("PLUGIN-VERSIONS-AGE", {"plugins": PluginVersions()}, None),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "intercepted", "answer": SSO}}, WARNING),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "missing", "answer": NOT_FOUND}}, ACTION),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "error", "answer": {"status": 500}}}, UNKNOWN),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "unreachable", "answer": SILENT}}, UNKNOWN),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "unheard-of"}}, UNKNOWN),
    ("AUTHORIZE-REACHABLE", {"authorize": {"kind": "answers", "answer": OWN_LOGIN}}, PASS),
    ("TOKEN-REACHABLE", {"token": {"kind": "intercepted", "answer": SSO}}, ACTION),
    ("TOKEN-REACHABLE", {"token": {"kind": "missing", "answer": NOT_FOUND}}, ACTION),
    ("TOKEN-REACHABLE", {"token": {"kind": "error", "answer": {"status": 502}}}, UNKNOWN),
    ("TOKEN-REACHABLE", {"token": {"kind": "unreachable", "answer": SILENT}}, UNKNOWN),
    ("TOKEN-REACHABLE", {"token": {"kind": "answers", "answer": {"status": 401}}}, PASS),
    ("TOKEN-REACHABLE", {"token": {"kind": "error", "answer": {"status": 403}}}, ACTION),
    ("TOKEN-REACHABLE", {"token": {"kind": "error", "answer": {"status": 401}}}, ACTION),
    ("METADATA", {"metadata": {"issuer": "https://other.example.com"}}, WARNING),
    ("METADATA", {"metadata": {"issuer": "https://CONFLUENCE.example.com/wiki/"}}, PASS),
    ("METADATA", {"metadata": {"code_challenge_methods": ("plain",)}}, WARNING),
    ("METADATA", {"metadata": {"code_challenge_methods": ()}}, PASS),
    ("METADATA", {"metadata": {"offered": False, "issuer": "https://other.example.com"}}, None),
    ("METADATA", {"metadata": None}, None),
    ("USER-AGENT", {"info_login": {"kind": "unauthorized", "answer": {"status": 403}, "client_id": None}}, WARNING),
    ("USER-AGENT", {"info_login_plain": {"kind": "redirect", "answer": SSO, "client_id": None}}, WARNING),
    ("USER-AGENT", {"info_login_plain": {"client_id": "xyz789"}}, WARNING),
    ("USER-AGENT", info("unauthorized", answer={"status": 403}), PASS),
    ("USER-AGENT", {"info_login_plain": {"kind": "unreachable", "answer": SILENT}}, None),
    ("USER-AGENT", {"info_login_plain": None}, None),
    ("CLIENT-ID-KNOWN", {"token": {"oauth_error": "invalid_client"}}, WARNING),
    ("CLIENT-ID-KNOWN", {"token": {"oauth_error": "invalid_grant"}}, PASS),
    ("CLIENT-ID-KNOWN", {"token": {"oauth_error": "invalid_client"}, "links": KnownLinks()}, None),
    ("CLIENT-ID-MDM", {"links": KnownLinks(mdm="other")}, WARNING),
    ("CLIENT-ID-MDM", {"links": KnownLinks(mdm="abc123")}, PASS),
    ("CLIENT-ID-MDM", {"links": KnownLinks(mdm="other", non_mdm="abc123")}, None),
    ("CLIENT-ID-MDM", {"links": KnownLinks()}, None),
    ("CLIENT-ID-DRIFT", {"links": KnownLinks(non_mdm="other")}, ACTION),
    ("CLIENT-ID-DRIFT", {"links": KnownLinks(mdm="other", non_mdm="abc123")}, PASS),
    ("CLIENT-ID-DRIFT", {"links": KnownLinks(mdm="other")}, None),
    ("CLIENT-ID-DRIFT", {"links": KnownLinks(non_mdm="other"), **info("missing")}, None),
    ("MOBILE-PLUGIN-ENABLED", {"plugins": {"mobile_enabled": False}}, ACTION),
    ("MOBILE-PLUGIN-ENABLED", {"plugins": {"mobile_enabled": True}}, PASS),
    ("MOBILE-PLUGIN-ENABLED", {"plugins": {"mobile_enabled": None}}, None),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": "19.1.46"}}, INCOMPATIBLE),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": "19.1.47"}}, PASS),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": "19.1.47.1"}}, PASS),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": None}}, UNKNOWN),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": "19,1"}}, UNKNOWN),
    ("MOBILE-PLUGIN", {"plugins": {"mobile": None, "source": "gatepass"}}, PASS),
    ("MOBILE-PLUGIN", jira("10.1.0", oauth="4.1.0", mobile="99"), UNKNOWN),
    ("INFO-LOGIN-OPEN", info("redirect", redirect_host="sso.example.com"), INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", info("redirect", answer=SSO), INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", info("redirect", answer=OWN_LOGIN), INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", info("login_page"), INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", info("unauthorized", answer={"status": 401}), INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "unauthorized", "answer": {"status": 403}}}, ACTION),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "unauthorized"}, "info_login_plain": None}, INCOMPATIBLE),
    ("INFO-LOGIN-OPEN", info("disabled", answer={"status": 503}), ACTION),
    ("INFO-LOGIN-OPEN", info("missing", answer=NOT_FOUND), ACTION),
    ("INFO-LOGIN-OPEN", info("error", answer={"status": 500}), UNKNOWN),
    ("INFO-LOGIN-OPEN", {"info_login": {"kind": "unreachable", "answer": SILENT}}, UNKNOWN),
    ("INFO-LOGIN-OPEN", info("unheard-of"), UNKNOWN),
    ("INFO-LOGIN-OPEN", info("json"), PASS),
    *(
        ("INFO-LOGIN-JSON", {"info_login": {"oddities": (odd,)}}, WARNING)
        for odd in ("duplicate_keys", "two_client_ids", "not_a_number", "not_utf8", "byte_order_mark")
    ),
    ("INFO-LOGIN-JSON", {"info_login": {"oddities": ()}}, PASS),
    ("INFO-LOGIN-JSON", info("error", oddities=("not_a_number",)), None),
    ("OAUTH-SWITCH", info("json"), ACTION),
    ("OAUTH-SWITCH", info("json", client_id=""), ACTION),
    ("OAUTH-SWITCH", info("json", fields=("oauth.enabled", "oauth.clientId", "clients", "appName")), ACTION),
    ("OAUTH-SWITCH", info("json", fields=("oauth.clientIdentifier",)), UNKNOWN),
    ("OAUTH-SWITCH", info("json", fields=("CLIENT-ID",)), UNKNOWN),
    ("OAUTH-SWITCH", info("json", fields=("consumerKey",)), UNKNOWN),
    ("OAUTH-SWITCH", info("json", oddities=("two_client_ids",)), UNKNOWN),
    ("OAUTH-SWITCH", info("json", answer={"url": f"{BASE}/rest/nativemobile/1.0/info/login"}), ACTION),
    ("OAUTH-SWITCH", {"info_login": {"client_id": "x"}}, PASS),
    ("OAUTH-SWITCH", info("redirect"), None),
]


@pytest.mark.parametrize(("name", "changes", "outcome"), TABLE)
def test_rule(build: Build, name: str, changes: dict[str, Any], outcome: Outcome | None):
    found = finding(evaluate(build(**changes)), name)
    assert (found and found.outcome) == outcome


@pytest.mark.parametrize(("name", "changes", "outcome"), TABLE)
def test_every_finding_is_a_sentence_without_secrets(
    build: Build, name: str, changes: dict[str, Any], outcome: Outcome | None
):
    for found in [found for setup in evaluate(build(**changes)).setups() for found in setup.findings]:
        rendered = found.to_json()
        sentence, remedy = rendered["evidence"]["summary"], rendered["remedy"]
        assert sentence.endswith(".")
        assert bool(remedy) == (found.outcome is not PASS)
        assert all(isinstance(value, str) for value in found.values.values())
        assert "None" not in sentence + remedy
        assert "hunter2" not in sentence + remedy
        assert "abc123" not in sentence + remedy
        assert len(sentence) < 400


def test_every_rule_fails_and_passes_in_the_table():
    failed = {name for name, _, outcome in TABLE if outcome not in (PASS, None)}
    passed = {name for name, _, outcome in TABLE if outcome is PASS}
    only_warn = {"RATE-LIMIT", "INFO-LOGIN-MDM"}  # there is nothing to say about a site that they do not warn of
    assert failed == passed | only_warn == {entry.id for entry in RULES}
    assert not passed & only_warn


@pytest.mark.parametrize(
    ("changes", "mdm", "non_mdm"),
    [
        (info("redirect", redirect_host="sso.example.com"), "READY_MDM", "INCOMPATIBLE"),
        (info("json"), "READY_MDM", "ACTION_NEEDED"),
        ({"info_login": {"kind": "unauthorized", "answer": {"status": 403}}}, "READY_MDM", "ACTION_NEEDED"),
        ({"links": KnownLinks(mdm="old", non_mdm="old")}, "READY_MDM", "ACTION_NEEDED"),
        ({"links": KnownLinks(mdm="old")}, "READY_MDM", "READY_NON_MDM"),
        (SHUT, "READY_MDM", "READY_NON_MDM"),
        ({"tls": {"trust": "site"}}, "READY_MDM", "READY_NON_MDM"),
        ({"metadata": {"issuer": "https://other.example.com"}}, "READY_MDM", "READY_NON_MDM"),
        ({"plugins": {"mobile_enabled": False}}, "READY_MDM", "ACTION_NEEDED"),
        ({"plugins": {"oauth_enabled": False}}, "ACTION_NEEDED", "ACTION_NEEDED"),
        ({"plugins": {"mobile": "18"}}, "READY_MDM", "INCOMPATIBLE"),
        ({"plugins": {"oauth": None}}, "UNKNOWN", "UNKNOWN"),
        ({"plugins": {"oauth": "4.0"}}, "INCOMPATIBLE", "INCOMPATIBLE"),
        ({"manifest": {"version": "9.0"}}, "INCOMPATIBLE", "INCOMPATIBLE"),
        ({**NO_PAGE, "manifest": {**UNREAD, "answer": SSO}}, "UNKNOWN", "UNKNOWN"),
        ({"token": {"kind": "intercepted", "answer": SSO}}, "ACTION_NEEDED", "ACTION_NEEDED"),
        ({"authorize": {"kind": "intercepted", "answer": SSO}}, "READY_MDM", "READY_NON_MDM"),
        ({**TRIAL, "manifest": {"canonical_url": "http://127.0.0.1:8090"}}, "READY_MDM", "READY_NON_MDM"),
        ({"product": "bamboo", "manifest": {"product": "bamboo"}}, "UNKNOWN", "UNKNOWN"),
        (jira("10.1.0", oauth="4.1.0"), "READY_MDM", "UNKNOWN"),
        (jira("10.0.0", oauth="4.1.0"), "UNKNOWN", "UNKNOWN"),
    ],
)
def test_verdict(build: Build, changes: dict[str, Any], mdm: str, non_mdm: str):
    evaluation = evaluate(build(**changes))
    assert (evaluation.mdm.verdict, evaluation.non_mdm.verdict) == (mdm, non_mdm)


def test_a_site_that_cannot_be_reached_is_unknown(build: Build):
    silent = {"kind": "unreachable", "answer": SILENT}
    evaluation = evaluate(
        build(
            manifest={**UNREAD, "answer": SILENT},
            info_login={**silent, "client_id": None},
            authorize=silent,
            token=silent,
            tls={"kind": "unreachable", "expires_at": None},
            info_login_plain=None,
            login_page=None,
            fingerprint=Fingerprint(),
            metadata=None,
            plain_http=None,
            status=None,
        )
    )
    assert {setup.verdict for setup in evaluation.setups()} == {Verdict.UNKNOWN}


def test_the_target_of_the_redirect_is_named(build: Build):
    found = finding(evaluate(build(**info("redirect", answer=SSO))), "INFO-LOGIN-OPEN")
    assert found is not None
    assert found.to_json()["evidence"]["summary"] == "The reverse proxy redirects the app to sso.example.com."
    assert found.to_json()["remedy"].startswith("Use the MDM setup, or allow rest/nativemobile")


def test_a_login_page_at_the_token_endpoint_is_no_redirect_to_another_host(build: Build):
    page = finding(
        evaluate(build(token={"kind": "intercepted", "answer": {"content_type": "text/html"}})), "TOKEN-REACHABLE"
    )
    assert page is not None
    assert (
        page.to_json()["evidence"]["summary"] == "The app's token request is intercepted by a redirect or a login page."
    )


def test_a_failing_site_is_not_reported_as_a_wrong_address(build: Build):
    found = finding(evaluate(build(**NO_PAGE, manifest={**UNREAD, "answer": {"status": 503}})), "MANIFEST-REACHABLE")
    assert found is not None
    assert found.to_json()["evidence"]["summary"] == "The site returned an error for its manifest (HTTP 503)."
    assert "logs" in found.remedy


def test_an_undocumented_plugin_key_is_not_presented_as_a_fact(build: Build):
    evaluation = evaluate(build(plugins={"oauth": None, "mobile": None}))
    oauth, mobile = finding(evaluation, "OAUTH-PLUGIN"), finding(evaluation, "MOBILE-PLUGIN")
    assert oauth is not None
    assert mobile is not None
    assert "probably com.atlassian.oauth2.oauth2-provider-plugin" in oauth.to_json()["remedy"]
    assert "(com.atlassian.confluence.plugins.confluence-mobile-plugin)" in mobile.to_json()["remedy"]


def test_the_menu_of_confluence_is_named_for_confluence_only(build: Build):
    elsewhere = {"canonical_url": "https://other.example.com"}
    confluence = finding(evaluate(build(manifest=elsewhere)), "BASE-URL-MATCH")
    other = finding(evaluate(build(product="jira", manifest={"product": "jira", **elsewhere})), "BASE-URL-MATCH")
    assert confluence is not None
    assert other is not None
    assert "Settings → General Configuration" in confluence.remedy
    assert "Settings" not in other.remedy


def test_both_versions_are_named(build: Build):
    found = finding(evaluate(build(manifest={"version": "9.0.3"})), "CONFLUENCE-VERSION")
    assert found is not None
    assert found.to_json()["evidence"]["summary"] == "Confluence 9.0.3 is too old: 9.1 or later is required."
    assert found.to_json()["remedy"] == "Upgrade Confluence to 9.1 or later."
    assert found.evidence()["asked"] == "GET https://confluence.example.com/wiki/rest/applinks/1.0/manifest"


def test_a_response_is_quoted_as_one_short_line(build: Build):
    found = finding(evaluate(build(manifest={"version": "9\n\x1b[31m\u202e" + "x" * 10_000})), "CONFLUENCE-VERSION")
    assert found is not None
    assert found.values["found"].isprintable()
    assert len(found.values["found"]) <= 81


def test_rules_of_the_non_mdm_setup_do_not_apply_to_the_mdm_setup(ready: Observation):
    only = {entry.id for entry in RULES if entry.setups == (Setup.NON_MDM,)}
    assert only == {
        "MOBILE-PLUGIN",
        "MOBILE-PLUGIN-ENABLED",
        "INFO-LOGIN-OPEN",
        "INFO-LOGIN-JSON",
        "OAUTH-SWITCH",
        "CLIENT-ID-DRIFT",
        "PHONE-NON-MDM",
    }
    assert not only & {found.rule for found in evaluate(ready).mdm.findings}


def test_every_rule_names_its_parts_and_its_severity():
    parts = set(Observation.__dataclass_fields__)
    most_severe = {
        name: min((row for row in TABLE if row[0] == name and row[2]), key=_severity)[2] for name, _, _ in TABLE
    }
    for entry in RULES:
        assert set(entry.needs) <= parts
        assert entry.severity is most_severe[entry.id]


def _severity(row: tuple[str, dict[str, Any], Outcome | None]) -> int:
    return MOST_SEVERE_FIRST.index(row[2]) if row[2] else len(MOST_SEVERE_FIRST)


def test_every_remedy_of_the_table_occurs(build: Build):
    given = {
        (found.rule, found.remedy)
        for _, changes, _ in TABLE
        for setup in evaluate(build(**changes)).setups()
        for found in setup.findings
    }
    assert {(entry.id, entry.remedy) for entry in RULES} <= given


def test_a_version_that_an_edition_does_not_cover_is_unknown(ready: Observation):
    only_old = [replace(row, below=Version.parse("9.2")) for row in MATRIX.lines("confluence")]
    found = finding(evaluate(ready, Matrix(MATRIX.as_of, MATRIX.source, tuple(only_old))), "CONFLUENCE-VERSION")
    assert found is not None
    assert found.outcome is UNKNOWN
    assert (
        found.to_json()["evidence"]["summary"] == "The compatibility matrix has no requirements for Confluence 9.2.1."
    )


def test_the_source_of_a_version_is_named(build: Build):
    found = finding(evaluate(build(**SHUT)), "CONFLUENCE-VERSION")
    assert found is not None
    assert "according to its login page" in found.message
    assert found.evidence()["asked"].endswith("/login.action")


def test_the_source_and_date_of_old_plugin_versions_are_named(build: Build):
    old = {"as_of": datetime(2024, 6, 5, tzinfo=UTC), "source": "upm_token"}
    found = finding(evaluate(build(plugins=old)), "PLUGIN-VERSIONS-AGE")
    assert found is not None
    assert "read from the plugin manager on 2024-06-05" in found.to_json()["evidence"]["summary"]


def test_both_answers_are_named_where_they_differ(build: Build):
    found = finding(evaluate(build(info_login={"kind": "unauthorized", "answer": {"status": 403}})), "USER-AGENT")
    assert found is not None
    sentence = found.to_json()["evidence"]["summary"]
    assert "403 (unauthorized)" in sentence
    assert "200 (json)" in sentence


def test_findings_are_sorted_by_severity_then_by_the_table(build: Build):
    later = build(tls={"kind": "expired"}, plugins={"oauth": "4.0", "mobile": "18"}, token={"kind": "error"})
    outcomes = [found.outcome for found in evaluate(later).non_mdm.findings]
    assert outcomes == sorted(outcomes, key=MOST_SEVERE_FIRST.index)
    rules = [found.rule for found in evaluate(later).non_mdm.findings]
    assert rules[:4] == ["OAUTH-PLUGIN", "MOBILE-PLUGIN", "TLS-VALID", "TOKEN-REACHABLE"]
    assert rules[4:] == [entry.id for entry in RULES if entry.id in rules[4:]]
    assert findings_again(later) == rules


def findings_again(observation: Observation) -> list[str]:
    return [found.rule for found in most_severe_first(reversed(evaluate(observation).non_mdm.findings))]


def test_findings_of_a_deleted_rule_are_sorted_last():
    deleted = Finding("DELETED", PASS, "Fine.", "", {})
    known = Finding("HTTPS", PASS, "Fine.", "", {})
    assert most_severe_first([deleted, known]) == (known, deleted)


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
    text = (ROOT / "docs" / "rules.md").read_text()
    headings = re.findall(r"^### ([A-Z-]+)$", text, re.MULTILINE)
    assert headings == [entry.id for entry in RULES]
    assert all(entry.source in text for entry in RULES)
    confidence = re.findall(r"^Confidence: (documented|inferred|observed|sources differ)$", text, re.MULTILINE)
    assert len(confidence) == len(RULES)


def test_the_certificate_warning_names_the_day(build: Build):
    soon = build(tls={"expires_at": datetime(2025, 3, 6, tzinfo=UTC) + timedelta(hours=1)})
    found = finding(evaluate(soon), "TLS-VALID")
    assert found is not None
    assert "2025-03-06" in found.to_json()["evidence"]["summary"]


def test_the_line_of_the_setting_is_named_for_an_address_that_gatepass_may_not_reach(build: Build):
    blocked = {"status": None, "error": "blocked_address", "blocked_network": "10.255.255.1/32"}
    found = finding(evaluate(build(manifest={**UNREAD, "answer": blocked})), "SITE-ACCESS")
    assert found is not None
    assert found.values["setting"] == "PROBE_ALLOWED_NETWORKS=10.255.255.1/32"
    assert found.values["setting"] in found.to_json()["remedy"]
    assert found.evidence()["asked"] is None, "nothing was sent"
    elsewhere = finding(evaluate(build(manifest={**UNREAD, "answer": SILENT})), "SITE-ACCESS")
    assert elsewhere is not None
    assert "setting" not in elsewhere.values


@pytest.mark.parametrize(
    "error", ["blocked_address", "dns", "refused", "connect_timeout", "reset", "timeout", "http2_only"]
)
def test_requests_that_were_not_sent_name_the_remedy_of_the_first(build: Build, error: str):
    unsent = {"kind": "unreachable", "answer": NOT_SENT}
    first = {**UNREAD, "answer": {"status": None, "error": error}}
    changes = dict.fromkeys(("info_login", "authorize", "token", "rest_api"), unsent)
    for setup in evaluate(build(manifest=first, **NO_PAGE, **changes)).setups():
        rendered = [found.to_json() for found in setup.findings]
        assert "%(" not in str(rendered)
