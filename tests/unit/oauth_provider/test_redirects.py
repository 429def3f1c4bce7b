"""Redirect URIs are compared character by character."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from oauth_provider.redirects import ALLOWED_SCHEMES, is_registered, may_be_registered, with_issuer

APP = "confluence-server://oauth-callback"
VARIANTS = [
    "", "confluence-server:", "confluence-server:/oauth-callback", "confluence-server:oauth-callback",
    "confluence-server:///oauth-callback", APP + "/", APP + "/more", APP + "?", APP + "?a=b", APP + "#", APP + "#x",
    APP + ":443", APP + ";a=b", " " + APP, APP + " ", APP + "\n", APP + "\x00", APP + "%20", APP + "é",
    "CONFLUENCE-SERVER://oauth-callback", "Confluence-Server://oauth-callback", "confluence-server://OAUTH-CALLBACK",
    "confluence-server://a@oauth-callback", "confluence-server://a:b@oauth-callback", "confluence-server://@oauth-callback",
    "confluence-server://oauth%2Dcallback", "confluence-server://evil.example", "confluence-server-evil://oauth-callback",
    "https://oauth-callback", "https://confluence.example.com/oauth-callback", "http://127.0.0.1/",
    "javascript:alert(1)",
    "data:text/html,x", f"{APP} {APP}", "jira-server://oauth-callback/",
]  # fmt: skip


def test_it_works() -> None:
    assert is_registered(APP, APP)
    assert is_registered("jira-server://oauth-callback", f"{APP} jira-server://oauth-callback")
    assert ALLOWED_SCHEMES == ("confluence-server", "jira-server")


@pytest.mark.rfc("9700", "2.1")
@pytest.mark.rfc("8252", "8.4")
@pytest.mark.parametrize("uri", VARIANTS)
def test_a_variant_is_another_uri(uri: str) -> None:
    assert not is_registered(uri, APP)
    assert not may_be_registered(uri)


def test_the_other_apps_uri_is_not_registered() -> None:
    assert not is_registered("jira-server://oauth-callback", APP)


def test_a_uri_outside_the_policy_is_refused_even_if_registered() -> None:
    assert not is_registered("https://evil.example/", "https://evil.example/")


@pytest.mark.rfc("9207", "2")
@pytest.mark.parametrize(
    "query", ["", "?code=a%26b&state=%C3%A9%2B+", "?iss=https%3A%2F%2Fevil.example", "?state=&code=x"]
)
def test_exactly_one_issuer_and_the_rest_unchanged(query: str) -> None:
    answer = with_issuer(APP + query, "https://gatepass.example/at/a")
    before = [pair for pair in parse_qsl(query[1:], keep_blank_values=True) if pair[0] != "iss"]
    assert answer.startswith(APP + "?")
    assert parse_qsl(urlsplit(answer).query, keep_blank_values=True) == [
        *before,
        ("iss", "https://gatepass.example/at/a"),
    ]
