"""Requests that the app does not send: status, metadata, headers, plain http; and the certificate."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from rollout.compatibility.observation import Answer, Certificate, Fingerprint
from rollout.http_client.reply import PeerCertificate, Reply, TlsFailure
from rollout.probes.fingerprint import fingerprint_of
from rollout.probes.metadata import read_metadata
from rollout.probes.plain_http import is_worth_probing, read_plain_http
from rollout.probes.status import read_status
from rollout.probes.tls import tls_facts

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
URL = "https://wiki.example.com/wiki"


def reply(
    status: int | None = 200, body: bytes = b"", error: str | None = None, url: str = URL, **headers: str
) -> Reply:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(Answer("GET", url, NOW, status=status, error=error), url, body, pairs)


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, b'{"state": "RUNNING"}', "RUNNING"),
        (503, b'{"state": "maintenance"}', "MAINTENANCE"),
        (200, b'{"state": ""}', None),
        (200, b'{"state": ["RUNNING"]}', None),
        (200, b"[]", None),
        (200, b"<html>RUNNING", None),
        (404, b"", None),
        (None, b"", None),
    ],
)
def test_status(status, body, state) -> None:
    assert read_status(reply(status, body)).state == state


def test_a_redirected_status_is_ignored() -> None:
    assert read_status(reply(302, b'{"state": "RUNNING"}', Location="https://sso.example.com")).state is None


def test_metadata() -> None:
    data = {
        "issuer": URL,
        "authorization_endpoint": URL + "/authorize",
        "token_endpoint": URL + "/token?client_secret=abcdefghijklmnop",
        "code_challenge_methods_supported": ["S256", "plain", 5],
    }
    found = read_metadata(reply(body=json.dumps(data).encode()))
    assert (found.offered, found.issuer, found.code_challenge_methods) == (True, URL, ("S256", "plain"))
    assert found.token_endpoint.endswith("client_secret=abcd…")


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b'{"issuer": "x"}'), (200, b"<html>"), (200, b"[]"), (200, b'{"issuer": 5}'), (200, b"{}"), (None, b"")],
)
def test_no_metadata(status, body) -> None:
    found = read_metadata(reply(status, body))
    assert (found.offered, found.issuer, found.code_challenge_methods) == (False, None, ())


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([{"X_Confluence_Request_Time": "1"}], Fingerprint("confluence", "x-confluence-request-time")),
        ([{}, {"x_arequestid": "1x2x3"}], Fingerprint("jira", "x-arequestid")),
        ([{"X_Confluence_Request_Time": "1"}, {"X_AREQUESTID": "1"}], Fingerprint()),
        ([{"X_Confluence_Request_Time": " "}], Fingerprint()),
        ([{"Server": "Confluence"}], Fingerprint()),
        ([], Fingerprint()),
    ],
)
def test_fingerprint(headers, found) -> None:
    assert fingerprint_of(reply(**each) for each in headers) == found


@pytest.mark.parametrize(
    ("base_url", "worth"),
    [
        ("https://wiki.example.com/wiki", True),
        ("https://wiki.example.com:443", True),
        ("https://[2001:db8::1]/wiki", True),
        ("https://wiki.example.com:8443", False),
        ("http://wiki.example.com", False),
        ("https://127.0.0.1", False),
        ("https://localhost", False),
        ("https://[::1]", False),
        ("https://[", False),
        ("nonsense", False),
    ],
)
def test_plain_http_is_requested_only_for_the_same_site(base_url, worth) -> None:
    assert is_worth_probing(base_url) is worth


PLAIN = "http://wiki.example.com/wiki/"


@pytest.mark.parametrize(
    ("answered", "leads_back", "kind"),
    [
        (reply(301, url=PLAIN, Location=URL), False, "redirects"),
        (reply(301, url=PLAIN, Location="https://WIKI.example.com./"), False, "redirects"),
        (reply(301, url=PLAIN, Location=URL), True, "loop"),
        (reply(None, error="too_many_redirects", url=PLAIN), False, "loop"),
        (reply(302, url=PLAIN, Location="https://sso.example.com"), False, "elsewhere"),
        (reply(302, url=PLAIN, Location="http://wiki.example.com:8080/"), False, "error"),
        (reply(302, url=PLAIN, Location="https://["), False, "error"),
        (reply(200, url=PLAIN), False, "serves"),
        (reply(404, url=PLAIN), False, "error"),
        (reply(None, error="refused", url=PLAIN), False, "closed"),
        (reply(None, error="timeout", url=PLAIN), False, "closed"),
        (reply(None, error="bad_answer", url=PLAIN), False, "error"),
    ],
)
def test_plain_http(answered, leads_back, kind) -> None:
    assert read_plain_http(answered, leads_back=leads_back).kind == kind


CHAIN = (Certificate("wiki.example.com", "Example CA", expires_at=NOW), Certificate("Example CA", "Example Root"))


def test_the_chain_of_a_valid_certificate() -> None:
    found = PeerCertificate("TLSv1.3", "Example CA", NOW, "site", CHAIN)
    tls = tls_facts(URL, [Reply(Answer("GET", URL, NOW), certificate=found)])
    assert (tls.kind, tls.trust, tls.issuer, tls.chain) == ("valid", "site", "Example CA", CHAIN)


def test_the_chain_of_an_untrusted_certificate() -> None:
    failure = TlsFailure(19, "self-signed certificate in certificate chain", CHAIN)
    tls = tls_facts(URL, [Reply(Answer("GET", URL, NOW, error="tls"), tls_failure=failure)])
    assert (tls.kind, tls.issuer, tls.expires_at, tls.chain) == ("untrusted", "Example CA", NOW, CHAIN)
