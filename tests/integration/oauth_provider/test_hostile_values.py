"""No parameter value of any endpoint causes a 500 or leaves a row. Needs PostgreSQL: SQLite accepts more."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

FORM = "application/x-www-form-urlencoded"
HOSTILE = [
    "%00", "a%00b", "%ZZ", "%", "%FF", "%C3%28", "%ED%A0%80", "%F0%9F%99%82", "%E2%80%AE", "%0D%0AX-Evil:1",
    "%EF%BF%BF",
    "x" * 300, "x" * 5_000, "x" * 100_000, "'%20OR%201=1--", "%22%3E%3Cscript%3E", "{{7*7}}", "../../etc/passwd", "-1",
    "99999999999999999999", "%5B%5D", "None", "null", "%20", "+", "&", "%26a=b", "a=b", "\xff", "%u0000",
    "%E2%98%83" * 90,
]  # fmt: skip
AUTHORIZE = [
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "nonce",
    "prompt", "resource", "claims", "response_mode", "request_uri", "ui_locales", "max_age", "display", "id_token_hint",
    "access_token", "approval_prompt", "login_hint", "acr_values", "user", "scopes", "client", "%00", "",
]  # fmt: skip
TOKEN = [
    "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "refresh_token", "scope",
    "device_code", "username", "password", "resource", "audience", "claims", "nonce", "assertion", "%00", "",
]  # fmt: skip
REVOKE = ["token", "token_type_hint", "client_id", "client_secret", "%00", ""]


def without(pairs: dict[str, str], name: str) -> list[str]:
    return [f"{key}={quote(value, safe='')}" for key, value in pairs.items() if key != name]


@pytest.mark.parametrize("name", AUTHORIZE)
def test_authorize(phone: Any, name: str) -> None:
    assert connection.vendor == "postgresql"
    good = {
        "response_type": "code", "client_id": phone.client_id, "redirect_uri": "confluence-server://oauth-callback",
        "scope": "WRITE", "state": "s", "code_challenge": "x" * 43, "code_challenge_method": "S256",
    }  # fmt: skip
    for value in HOSTILE:
        query = "&".join([*without(good, name), f"{name}={value}"])
        for browser in (phone.browser, Client()):
            for send in (browser.get, browser.post):
                response = send(phone.url("authorize"), QUERY_STRING=query)
                assert response.status_code < 500, (name, value)
                location = response.get("Location", "")
                assert location.startswith(("confluence-server://oauth-callback?", "/accounts/login/")) or not location
    assert not get_grant_model().objects.exists()


@pytest.mark.parametrize("name", TOKEN)
@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_token(phone: Any, name: str, grant_type: str) -> None:
    good = {
        "grant_type": grant_type, "client_id": phone.client_id, "code": "unknown", "code_verifier": "x" * 43,
        "redirect_uri": "confluence-server://oauth-callback", "refresh_token": "unknown",
    }  # fmt: skip
    for value in HOSTILE:
        refuse(phone, "token", "&".join([*without(good, name), f"{name}={value}"]), 400)
    assert not get_access_token_model().objects.exists()
    assert not get_refresh_token_model().objects.exists()


@pytest.mark.parametrize("name", REVOKE)
def test_revoke(phone: Any, name: str) -> None:
    for value in HOSTILE:
        good = {"token": "unknown", "client_id": phone.client_id}
        refuse(phone, "revoke", "&".join([*without(good, name), f"{name}={value}"]), 200)


def refuse(phone: Any, endpoint: str, body: str, at_least: int) -> None:
    response = phone.wire.generic("POST", phone.url(endpoint), body.encode("latin-1"), FORM)
    assert at_least <= response.status_code < 500, body[:200]
    assert response["Content-Type"] == "application/json"
    if response.status_code >= 400:
        assert response.json()["error"]


@pytest.mark.parametrize("endpoint", ["token", "revoke"])
@pytest.mark.parametrize(
    "body", [b"", b"&", b"=", b"\x00", b"\xff\xfe", b"{}", b"a=b", b"x" * 20_000, b"x" * 5_000_000]
)
@pytest.mark.parametrize(
    "content_type", [FORM, f"{FORM}; charset=utf-16", f"{FORM}; charset=nonsense", "application/json"]
)
def test_bodies(phone: Any, endpoint: str, body: bytes, content_type: str) -> None:
    response = phone.wire.generic("POST", phone.url(endpoint), body, content_type)
    assert 400 <= response.status_code < 500
    assert response.json()["error"]


@pytest.mark.parametrize(
    "value", ["Basic", "Basic !!!", "Basic AAAA", "Basic ADow", "Bearer x", "\xff", "Basic " + "x" * 9000]
)
def test_authorization_headers(phone: Any, value: str) -> None:
    body = f"grant_type=refresh_token&refresh_token=x&client_id={phone.client_id}"
    for endpoint in ("token", "revoke"):
        response = phone.wire.generic("POST", phone.url(endpoint), body, FORM, HTTP_AUTHORIZATION=value)
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("answer", ["%00", "%FF", "x" * 10_000, "allow%00", "allow&answer=cancel"])
def test_answers_of_the_consent_form(phone: Any, answer: str) -> None:
    response = phone.browser.generic("POST", phone.authorize_url(), f"answer={answer}", FORM)
    assert response.status_code == 302
    assert "error=access_denied" in response["Location"]


@pytest.mark.parametrize("length", ["-1", "", "9" * 30])
def test_content_lengths(phone: Any, length: str) -> None:
    response = phone.wire.generic("POST", phone.url("token"), b"a=b", FORM, CONTENT_LENGTH=length)
    assert response.status_code < 500
