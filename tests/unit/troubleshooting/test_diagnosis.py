"""A realistic text points to each cause, a similar text does not; findings of a site rank causes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout.troubleshooting.diagnosis import CAUSES, diagnose
from rollout.troubleshooting.paste import MAX_PASTE_LENGTH
from rollout.troubleshooting.pasted_secrets import redact
from rollout.troubleshooting.symptoms import STAGES, SYMPTOMS, Symptom
from tests.support.paths import ROOT

INFO = "https://wiki.example.com/rest/nativemobile/1.1/info/login"
TOKEN = "https://wiki.example.com/rest/oauth2/latest/token"
AUTHORIZE = "https://wiki.example.com/rest/oauth2/latest/authorize"
APP = "confluence-server://oauth-callback"

CURL_302 = f"""$ curl -v {INFO}
*   Trying 192.0.2.1:443...
> GET /rest/nativemobile/1.1/info/login HTTP/1.1
> Host: wiki.example.com
> User-Agent: curl/8.5.0
> Accept: */*
>
< HTTP/1.1 302 Found
< Location: https://sso.example.com/adfs/ls/?wa=wsignin1.0&wtrealm=urn:wiki
< Content-Length: 0
"""
HAR = f"""{{"request": {{"method": "POST", "url": "{TOKEN}", "httpVersion": "HTTP/2.0",
 "postData": {{"params": [{{"name": "code", "value": "abc123"}}]}}}},
 "response": {{"status": 302, "content": {{"mimeType": "text/html"}}, "redirectURL": "https://sso.example.com/login"}}}}"""

# cause: a text that must rank it first, and a similar text that must not
SAMPLES = {
    "info-login-blocked": (CURL_302, f"GET {INFO}\n200"),
    "mobile-plugin": (
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 503 Service Unavailable\nmobile-app-disabled: true",
        f"GET {INFO}\n302 → https://sso.example.com/",
    ),
    "oauth-switch-off": (
        f'GET {INFO} HTTP/1.1\n\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n{{"title": "Wiki"}}',
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 404 Not Found",
    ),
    "app-too-old": ("User-Agent: Confluence/1.58 iOS/17.4 AtlassianMobileApp", "User-Agent: Confluence/2.1 iOS/17.4"),
    "android": ("User-Agent: Confluence (Linux; Android 14)", "User-Agent: Confluence (iPhone; iOS 17)"),
    "server-too-old": (
        '<meta name="ajs-version-number" content="8.5.4">',
        '<meta name="ajs-version-number" content="9.2.1">',
    ),
    "site-list-malformed": ("The app says: Can't display the list of sites", "The app displays three sites"),
    "vendor-variables": (
        '[{"title":"Wiki","baseURL":"https://wiki.example.com","oauth":{"clientID":"abc"}}]',
        '[ {"title": "Wiki", "baseURL": "https://wiki.example.com", "oauth": {"clientID": "abc"} } ]',
    ),
    "waf-user-agent": (
        "HTTP/2 403\nserver: cloudflare\ncf-ray: 85d1\n\n<title>Attention Required! | Cloudflare</title>",
        "HTTP/2 200\nserver: nginx",
    ),
    "site-unreachable": (
        "curl: (6) Could not resolve host: wiki.example.com",
        "curl: (60) SSL certificate problem: certificate has expired",
    ),
    "private-ca": (
        "curl: (60) SSL certificate problem: unable to get local issuer certificate",
        "curl: (60) SSL certificate problem: certificate has expired",
    ),
    "certificate-expired": (
        "SSL certificate problem: certificate has expired",
        "SSL certificate problem: self-signed certificate",
    ),
    "certificate-host": (
        "SSL: no alternative certificate subject name matches target host name 'wiki'",
        "SSL certificate problem: certificate has expired",
    ),
    "adfs-user-agent": (
        "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM",
        'HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm="wiki"',
    ),
    "redirect-mismatch": (
        "Invalid request: the redirect_uri does not match the one registered",
        "Invalid request: unknown client",
    ),
    "client-unknown": (
        f"{APP}?error=unauthorized_client&state=abcdefghijk",
        f"{APP}?error=access_denied&state=abcdefghijk",
    ),
    "base-url-differs": (
        "The base URL of this site does not match the address in the browser",
        "The base URL of this site is https://wiki.example.com",
    ),
    "tls-at-proxy": (
        "GET https://wiki.example.com/login.action HTTP/1.1\n\nHTTP/1.1 302\nLocation: http://wiki.example.com/login.action",
        "GET https://wiki.example.com/login.action HTTP/1.1\n\nHTTP/1.1 302\nLocation: https://wiki.example.com/x",
    ),
    "parameters-lost": (
        f"GET {AUTHORIZE} HTTP/1.1\n\nHTTP/1.1 302 Found\nLocation: https://example.okta.com/login?fromURI=x",
        f"GET {AUTHORIZE} HTTP/1.1\n\nHTTP/1.1 302 Found\nLocation: https://wiki.example.com/login.action",
    ),
    "app-does-not-open": (
        "Safari cannot open the page because the address is invalid.",
        "Safari cannot open the page because too many redirects occurred.",
    ),
    "scope-too-narrow": (
        f"{APP}?error=invalid_scope&error_description=Not+allowed&state=8d1f",
        f"{APP}?error=invalid_request&state=8d1f",
    ),
    "access-denied": (f"{APP}?error=access_denied&state=8d1f", f"{APP}?error=invalid_scope&state=8d1f"),
    "client-secret-wanted": (
        '{"error":"invalid_client","error_description":"client_secret is missing"}',
        '{"error":"invalid_grant","error_description":"code is over"}',
    ),
    "token-endpoint-blocked": (HAR, f"POST {TOKEN}\n400"),
    "code-expired": (
        '{"error": "invalid_grant", "error_description": "The authorization code has expired"}',
        'grant_type=refresh_token\n{"error": "invalid_grant"}',
    ),
    "server-error": (f"{APP}?error=server_error&state=8d1f", f"{APP}?error=access_denied&state=8d1f"),
    "refresh-unused": (
        f'POST {TOKEN}\ngrant_type=refresh_token&refresh_token=abc\n\nHTTP/1.1 400\n\n{{"error":"invalid_grant"}}',
        'grant_type=authorization_code&code=abc\n{"error":"invalid_grant"}',
    ),
    "tokens-revoked": (
        'WWW-Authenticate: Bearer realm="wiki", error="invalid_token"',
        'WWW-Authenticate: Bearer realm="wiki"',
    ),
    "client-certificate": (
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 400 Bad Request\nServer: nginx\n\n"
        "<title>400 No required SSL certificate was sent</title>",
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 400 Bad Request\nServer: nginx\n\n<title>400 Bad Request</title>",
    ),
    "cookie-defense": (
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 307 Temporary Redirect\nSet-Cookie: a=b\nLocation: {INFO}",
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 307 Temporary Redirect\nLocation: {INFO}",
    ),
    "address-list": (
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 403 Forbidden\n\nYour IP address is not allowed.",
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 403 Forbidden\n\nSign in first.",
    ),
    "rate-limit": (
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 429 Too Many Requests\nRetry-After: 30",
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 503 Service Unavailable\nRetry-After: 30",
    ),
    "maintenance": (
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 503 Service Unavailable\n\n<title>Scheduled maintenance</title>",
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 503 Service Unavailable\n\n<title>503</title>",
    ),
    "cloud-site": ("https://acme.atlassian.net/wiki is not compatible", "https://wiki.example.com is not compatible"),
    "moved-host": (
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 301 Moved\nLocation: {INFO.replace('wiki', 'docs', 1)}",
        f"GET {INFO} HTTP/1.1\n\nHTTP/1.1 301 Moved\nLocation: https://docs.example.com/",
    ),
    "other-product": ("<typeId>stash</typeId>", "<typeId>confluence</typeId>"),
    "probe-blocked": ("Gatepass is not allowed to connect to this address.", "Gatepass connected to this address."),
    "http2-only": ("SSL alert number 120 (no application protocol)", "SSL alert number 70 (protocol version)"),
    "plain-http": ("NSURLErrorDomain Code=-1022", "NSURLErrorDomain Code=-1004"),
    "tls-too-old": ("NSURLErrorDomain Code=-1200", "NSURLErrorDomain Code=-1202"),
    "api-blocked": (
        "GET https://wiki.example.com/rest/api/user/current\n302 → https://sso.example.com/",
        "GET https://wiki.example.com/rest/api/user/current\n200",
    ),
    "person-may-not": ('Bearer error="insufficient_scope"', 'Bearer error="invalid_token"'),
}


def first(text: str) -> str:
    suspects = diagnose(redact(text).text).suspects
    return suspects[0].cause.id if suspects else ""


def test_it_works() -> None:
    diagnosis = diagnose("confluence-server://oauth-callback?error=invalid_scope&state=[removed]")
    suspect = diagnosis.suspects[0]
    assert suspect.cause.id == "scope-too-narrow"
    assert suspect.is_likely
    assert "error=invalid_scope" in suspect.reasons[0].quote
    assert diagnosis.paste.kinds == ("redirect",)


def test_every_cause_has_a_sample() -> None:
    assert set(SAMPLES) == {cause.id for cause in CAUSES}
    assert len(CAUSES) == len({cause.id for cause in CAUSES})


@pytest.mark.parametrize("cause", SAMPLES)
def test_a_realistic_text_ranks_its_cause_first(cause: str) -> None:
    sample, similar = SAMPLES[cause]
    assert first(sample) == cause
    assert first(similar) != cause


@pytest.mark.parametrize("cause", SAMPLES)
def test_a_reason_quotes_what_matched(cause: str) -> None:
    suspect = diagnose(redact(SAMPLES[cause][0]).text).suspects[0]
    assert all(reason.quote and len(reason.quote) <= 160 for reason in suspect.reasons)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CURL_302, "trace"),
        (HAR, "archive"),
        ('{"error": "invalid_client"}', "oauth_json"),
        (f"{APP}?error=invalid_scope", "redirect"),
        ('[{"title": "Wiki", "baseURL": "https://wiki.example.com"}]', "site_list"),
        ("<dict><key>sites</key><string>[]</string></dict>", "site_list"),
        ("SSL certificate problem", "tls"),
        ("<!DOCTYPE html><title>Log in</title>", "page"),
        ("It does not work", "text"),
        (f'10.0.0.1 - - [01/Oct/2025] "GET {INFO} HTTP/1.1" 302 0', "trace"),
    ],
)
def test_the_kind_of_a_text_is_detected(text: str, kind: str) -> None:
    assert kind in diagnose(text).paste.kinds


def test_the_trace_is_quoted_in_one_line() -> None:
    reason = diagnose(redact(CURL_302).text).suspects[0].reasons[0]
    assert reason.quote.startswith(f"GET {INFO} → 302 https://sso.example.com/adfs/ls/")


def test_a_text_without_indicators_names_no_cause() -> None:
    assert diagnose("It does not work. Please help!").suspects == ()
    assert diagnose("").suspects == ()


# --- Symptoms and findings ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda symptom: symptom.id)
def test_a_symptom_names_its_causes(symptom: Symptom) -> None:
    assert symptom.stage in STAGES
    named = [suspect.cause.id for suspect in diagnose("", symptom.id).suspects]
    assert set(named) == set(symptom.causes)
    assert named[0] == symptom.causes[0]


def test_every_cause_belongs_to_a_symptom() -> None:
    assert {cause for symptom in SYMPTOMS for cause in symptom.causes} == {cause.id for cause in CAUSES}


def test_an_unknown_symptom_names_nothing() -> None:
    assert diagnose("", "nothing-like-it").suspects == ()


def test_a_finding_moves_its_cause_up() -> None:
    plain = [suspect.cause.id for suspect in diagnose("", "not-compatible").suspects]
    moved = diagnose("", "not-compatible", {"INFO-LOGIN-OPEN": "PASS", "MOBILE-PLUGIN": "INCOMPATIBLE"}).suspects
    assert plain[:2] == ["info-login-blocked", "mobile-plugin"]
    assert (moved[0].cause.id, moved[0].evidence, moved[0].rules) == ("mobile-plugin", "for", ("MOBILE-PLUGIN",))
    blocked = next(suspect for suspect in moved if suspect.cause.id == "info-login-blocked")
    assert (blocked.evidence, blocked.is_likely) == ("against", False)
    assert moved.index(blocked) > 3


def test_an_unknown_outcome_changes_no_rank() -> None:
    assert all(
        not suspect.evidence for suspect in diagnose("", "not-compatible", {"INFO-LOGIN-OPEN": "UNKNOWN"}).suspects
    )


def test_a_site_that_requires_a_client_certificate_moves_that_cause_up() -> None:
    for outcome, evidence in (("UNKNOWN", "for"), ("PASS", "against")):
        suspects = diagnose("", "no-connection", {"CLIENT-CERTIFICATE": outcome}).suspects
        suspect = next(suspect for suspect in suspects if suspect.cause.id == "client-certificate")
        assert suspect.evidence == evidence
        assert (suspects[0] is suspect) == (evidence == "for")


def test_a_linked_rule_ranks_nothing() -> None:
    plain = diagnose("", "gatepass-cannot-check").suspects
    assert diagnose("", "gatepass-cannot-check", {"SITE-ACCESS": "ACTION_NEEDED"}).suspects == plain


def test_a_cause_that_only_a_finding_names_comes_last() -> None:
    diagnosis = diagnose("error=invalid_scope", outcomes={"TLS-VALID": "ACTION_NEEDED"}).suspects
    assert diagnosis[0].cause.id == "scope-too-narrow"
    assert {suspect.cause.id for suspect in diagnosis[1:]} == {
        "private-ca", "certificate-expired", "certificate-host", "tls-too-old",
    }  # fmt: skip
    assert not any(suspect.is_likely for suspect in diagnosis[1:])


# --- Contradictions -----------------------------------------------------------------------------------------------
def test_a_contradiction_is_quoted_and_keeps_a_cause_from_being_likely() -> None:
    text = "The app could not connect to the server. Safari on the iPhone opens it."
    plain, contradicted = (diagnose(part, "no-connection").suspects for part in (text.partition(". ")[0], text))
    before, after = (
        next(suspect for suspect in suspects if suspect.cause.id == "site-unreachable")
        for suspects in (plain, contradicted)
    )
    assert before.is_likely
    assert not before.against
    assert not after.is_likely
    assert after.weight < before.weight
    assert "Safari on the iPhone opens it" in after.against[0].quote


def test_a_contradicted_cause_is_left_out_unless_a_symptom_names_it() -> None:
    text = f"GET {INFO}\n200\n\nThe app reports that the site is not compatible"
    assert "info-login-blocked" not in [suspect.cause.id for suspect in diagnose(text).suspects]
    assert "info-login-blocked" in [suspect.cause.id for suspect in diagnose(text, "not-compatible").suspects]


@pytest.mark.parametrize(
    "text", ["Safari on the iPhone cannot open it", "Safari/604.1 works", "It opens. Safari fails"]
)
def test_only_a_clause_that_says_it_works_contradicts(text: str) -> None:
    suspects = diagnose(f"could not connect to the server. {text}").suspects
    assert not suspects[0].against


def test_every_contradiction_has_a_description() -> None:
    assert all(indicator.description for cause in CAUSES for indicator in cause.contradictions)


def test_every_rule_exists() -> None:
    """Compare with the headings of the page about rules."""
    page = (ROOT / "docs/rules.md").read_text()
    assert [
        rule for cause in CAUSES for rule in (*cause.rules, *cause.linked_rules) if f"\n### {rule}\n" not in page
    ] == []


def test_every_cause_is_documented() -> None:
    page = (ROOT / "docs/troubleshooting.md").read_text()
    for cause in CAUSES:
        assert f"| `{cause.id}` | {cause.title} (" in page
        assert all((cause.symptoms, cause.confirm, cause.remedy, cause.explanation))
        assert not cause.source or cause.source.startswith("https://")


# --- Any text -----------------------------------------------------------------------------------------------------
@given(st.text(max_size=300))
def test_any_text_is_accepted(text: str) -> None:
    for suspect in diagnose(redact(text).text).suspects:
        assert suspect.reasons


@settings(max_examples=50)
@given(st.lists(st.sampled_from([sample for pair in SAMPLES.values() for sample in pair]), min_size=1, max_size=4))
def test_combined_samples_are_sorted_by_weight(samples: list[str]) -> None:
    diagnosis = diagnose(redact("\n".join(samples)).text).suspects
    assert list(diagnosis) == sorted(diagnosis, key=lambda suspect: -suspect.weight)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "[",
        "client ",
        "GET /\n200\n",
        "curl ",
        '"url":"',
        "HTTP/1.1 302 \n",
        "certificat ",
        "F5 firewall ",
        "Safari ",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (MAX_PASTE_LENGTH // len(piece))
    began = time.process_time()
    diagnose(text)
    assert time.process_time() - began < 5
