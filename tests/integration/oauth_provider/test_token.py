"""The token endpoint: a code becomes tokens once, for its own client, verifier and redirect URI."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from oauth_provider.clients import register_client
from oauth_provider.models import Client as OAuthClient
from portal.models import User
from rollout.models import ApplicationLink, Site
from tests.support.both_paths import BothPaths
from tests.support.provider_fixtures import VERIFIER

FORM = "application/x-www-form-urlencoded"


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def no_tokens() -> bool:
    return not get_access_token_model().objects.exists() and not get_refresh_token_model().objects.exists()


@pytest.mark.rfc("7636", "4.6")
@pytest.mark.rfc("6749", "5.1")
def test_it_works(phone: Any) -> None:
    response = phone.redeem(phone.code())
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    assert response["Pragma"] == "no-cache"
    tokens = response.json()
    assert tokens.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, "WRITE")


def test_only_digests_are_stored(phone: Any) -> None:
    tokens = phone.tokens()
    for model in (get_access_token_model(), get_refresh_token_model()):
        stored = str(model.objects.values().get())
        assert tokens["access_token"] not in stored
        assert tokens["refresh_token"] not in stored


@pytest.mark.rfc("6749", "3.2")
@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch"])
@pytest.mark.parametrize("endpoint", ["token", "revoke"])
def test_only_post(phone: Any, method: str, endpoint: str) -> None:
    response = getattr(phone.wire, method)(phone.url(endpoint))
    assert response.status_code == 405
    assert "POST" in response["Allow"]


@pytest.mark.rfc("7636", "4.6")
@pytest.mark.parametrize("verifier", ["x" * 43, "x" * 128])
def test_a_wrong_verifier_is_refused(phone: Any, verifier: str) -> None:
    response = phone.redeem(phone.code(), code_verifier=verifier)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
    assert no_tokens()


@pytest.mark.rfc("7636", "4.5")
@pytest.mark.parametrize("verifier", [None, ""])
def test_a_missing_verifier_is_refused(phone: Any, verifier: str | None) -> None:
    response = phone.redeem(phone.code(), code_verifier=verifier)
    assert response.status_code == 400
    assert response.json()["error"] in {"invalid_grant", "invalid_request"}
    assert no_tokens()


@pytest.mark.rfc("7636", "4.1")
@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "a" * 43 + "+", "a" * 43 + "é", "a" * 42 + " "])
def test_a_malformed_verifier_is_refused_although_it_matches(phone: Any, verifier: str) -> None:
    code = phone.code(code_challenge=challenge_of(verifier))
    assert phone.redeem(code, code_verifier=verifier).json()["error"] == "invalid_grant"
    assert no_tokens()


@pytest.mark.rfc("7636", "4.1")
@pytest.mark.parametrize("verifier", ["a" * 43, "b" * 128, "A0-._~" * 10])
def test_the_longest_and_the_shortest_verifier_are_accepted(phone: Any, verifier: str) -> None:
    assert phone.redeem(phone.code(code_challenge=challenge_of(verifier)), code_verifier=verifier).status_code == 200


@pytest.mark.rfc("6749", "5.2")
@pytest.mark.rfc("6749", "4.1.3")
@pytest.mark.parametrize("redirect_uri", ["confluence-server://oauth-callback/", "https://evil.example", "x"])
def test_another_redirect_uri_is_an_invalid_grant(phone: Any, redirect_uri: str) -> None:
    response = phone.redeem(phone.code(), redirect_uri=redirect_uri)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
    assert no_tokens()


def test_an_omitted_redirect_uri_is_the_registered_one(phone: Any) -> None:
    """OAuth 2.1 drops the parameter here; with one registered URI and PKCE nothing is lost (docs/provider.md)."""
    assert phone.redeem(phone.code(), redirect_uri=None).status_code == 200


@pytest.mark.rfc("6749", "4.1.2")
@pytest.mark.parametrize("code", ["unknown", "x" * 4000, "é", "' OR 1=1 --"])
def test_an_unknown_code_is_an_invalid_grant(phone: Any, code: str) -> None:
    response = phone.redeem(code)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


@pytest.mark.rfc("6749", "4.1.2")
def test_a_code_expires_after_half_a_minute(phone: Any) -> None:
    code = phone.code()
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        assert phone.redeem(code).json()["error"] == "invalid_grant"
    assert no_tokens()


@pytest.mark.rfc("6749", "4.1.2")
def test_a_code_works_once(phone: Any) -> None:
    code = phone.code()
    assert phone.redeem(code).status_code == 200
    assert phone.redeem(code).json()["error"] == "invalid_grant"
    assert get_refresh_token_model().objects.count() == 1


@pytest.mark.rfc("6749", "10.5")
@pytest.mark.rfc("9700", "4.2.4")
def test_a_replayed_code_ends_its_family(phone: Any) -> None:
    code = phone.code()
    tokens = phone.redeem(code).json()
    assert phone.redeem(code).json()["error"] == "invalid_grant"
    assert phone.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert not get_access_token_model().objects.exists()


def test_a_code_replayed_by_another_client_has_no_effect(phone: Any, provided_site: Site) -> None:
    other = register_client(name="other", redirect_uri="confluence-server://oauth-callback")
    ApplicationLink.objects.create(site=provided_site, origin="switch", client_id=other, created_at=timezone.now())
    code = phone.code()
    tokens = phone.redeem(code).json()
    assert phone.redeem(code, client_id=other).json()["error"] == "invalid_grant"
    assert phone.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.rfc("9700", "4.5")
def test_a_wrong_verifier_invalidates_the_code(phone: Any) -> None:
    code = phone.code()
    assert phone.redeem(code, code_verifier="x" * 43).json()["error"] == "invalid_grant"
    assert phone.redeem(code).json()["error"] == "invalid_grant"
    assert no_tokens()


def test_a_wrong_redirect_uri_leaves_the_code_valid(phone: Any) -> None:
    code = phone.code()
    assert phone.redeem(code, redirect_uri="https://evil.example").json()["error"] == "invalid_grant"
    assert phone.redeem(code).status_code == 200


def test_a_code_is_stored_as_a_digest(phone: Any) -> None:
    code = phone.code()
    assert code not in str(get_grant_model().objects.values().get())


@pytest.mark.rfc("6749", "4.1.3")
def test_a_code_of_another_client_is_refused_and_stays_valid(phone: Any, provided_site: Site) -> None:
    other = register_client(name="other", redirect_uri="confluence-server://oauth-callback")
    ApplicationLink.objects.create(site=provided_site, origin="switch", client_id=other, created_at=timezone.now())
    code = phone.code()
    assert phone.redeem(code, client_id=other).json()["error"] == "invalid_grant"
    assert phone.redeem(code).status_code == 200


@pytest.mark.rfc("6749", "5.2")
@pytest.mark.parametrize("missing", ["code", "grant_type"])
def test_a_missing_parameter_is_an_invalid_request(phone: Any, missing: str) -> None:
    parameters = {
        "grant_type": "authorization_code",
        "client_id": phone.client_id,
        "code": "x",
        "code_verifier": "x" * 43,
    }
    response = phone.post("token", **{**parameters, missing: None})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.rfc("6749", "5.2")
@pytest.mark.parametrize("client_id", [None, "unknown", "é", "x" * 4000])
def test_an_unknown_client_is_an_invalid_client(phone: Any, client_id: str | None) -> None:
    response = phone.redeem(phone.code(), client_id=client_id)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert no_tokens()


@pytest.mark.rfc("9700", "2.4")
@pytest.mark.parametrize(
    "grant_type",
    [
        "password",
        "client_credentials",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "x",
        "Refresh_Token",
    ],
)
def test_other_grants_are_refused(phone: Any, member: User, grant_type: str) -> None:
    member.set_password("a good long password")
    member.save()
    response = phone.post(
        "token",
        grant_type=grant_type,
        client_id=phone.client_id,
        username=member.email,
        password="a good long password",
        device_code="x",
    )
    assert (response.status_code, response.json()["error"]) == (400, "unsupported_grant_type")
    assert no_tokens()


@pytest.mark.rfc("6749", "2.3")
def test_a_public_client_has_no_secret(phone: Any) -> None:
    code = phone.code()
    assert phone.redeem(code, client_secret="guess").json()["error"] == "invalid_client"
    basic = base64.b64encode(f"{phone.client_id}:".encode()).decode()
    response = phone.wire.post(
        phone.url("token"), "grant_type=x", content_type=FORM, headers={"authorization": f"Basic {basic}"}
    )
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic")
    assert no_tokens()


@pytest.mark.rfc("6749", "3.2")
@pytest.mark.parametrize("name", ["code", "client_id", "code_verifier", "grant_type", "redirect_uri"])
@pytest.mark.parametrize("first", [True, False])
def test_a_repeated_parameter_is_an_invalid_request(phone: Any, name: str, first: bool) -> None:
    body = (
        f"grant_type=authorization_code&client_id={phone.client_id}&code={phone.code()}&code_verifier=x&redirect_uri=x"
    )
    repeated = f"{name}=other&{body}" if first else f"{body}&{name}=other"
    response = phone.wire.post(phone.url("token"), repeated, content_type=FORM)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert no_tokens()


@pytest.mark.rfc("6749", "4.1.3")
@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", "application/xml", ""]
)
def test_other_content_types_are_refused(phone: Any, content_type: str) -> None:
    body = f"grant_type=authorization_code&client_id={phone.client_id}&code={phone.code()}"
    response = phone.wire.generic("POST", phone.url("token"), body, content_type)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.rfc("6749", "4.1.3")
def test_parameters_in_the_url_are_refused(phone: Any) -> None:
    url = phone.url("token") + f"?grant_type=authorization_code&client_id={phone.client_id}&code={phone.code()}"
    assert phone.wire.post(url, "", content_type=FORM).json()["error"] == "invalid_request"
    assert phone.wire.post(url, {"a": "b"}).status_code == 400


@pytest.mark.rfc("9700", "4.14.2")
def test_a_code_of_a_deactivated_person_is_refused(phone: Any, member: User) -> None:
    code = phone.code()
    member.is_active = False
    member.save()
    assert phone.redeem(code).json()["error"] == "invalid_grant"
    assert no_tokens()


@pytest.mark.rfc("9700", "2.6")
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_cors_headers(phone: Any, origin: str) -> None:
    body = f"grant_type=refresh_token&client_id={phone.client_id}&refresh_token=x"
    response = phone.wire.post(phone.url("token"), body, content_type=FORM, headers={"origin": origin})
    assert not any(name.lower().startswith("access-control") for name in response.headers)


def test_no_cookie_is_needed_or_set(phone: Any) -> None:
    wire = BothPaths(enforce_csrf_checks=True)
    phone.wire = wire
    response = phone.redeem(phone.code())
    assert response.status_code == 200
    assert not response.cookies


def test_a_code_is_for_the_person_who_allowed_it(
    provided_site: Site, phone_of: Callable[..., Any], member: User, alice: User
) -> None:
    assert phone_of(provided_site, alice).tokens()
    assert get_access_token_model().objects.get().user == alice
    assert not get_grant_model().objects.exists()


# --- Clients with several redirect URIs ------------------------------------------------------------------------
@pytest.mark.rfc("6749", "4.1.3")
@pytest.mark.parametrize("verifier", [VERIFIER, "x" * 43])
def test_a_client_with_two_redirect_uris_must_send_the_one_of_the_code(phone: Any, verifier: str) -> None:
    """A wrong verifier takes the slow path; it invalidates the code only when everything else matches."""
    both = "confluence-server://oauth-callback jira-server://oauth-callback"
    OAuthClient.objects.filter(client_id=phone.client_id).update(redirect_uris=both)
    code = phone.code()
    for redirect_uri in (None, "jira-server://oauth-callback"):
        refused = phone.redeem(code, redirect_uri=redirect_uri, code_verifier=verifier)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert phone.redeem(code).status_code == 200


# --- Content types ---------------------------------------------------------------------------------------------
CHARSETS = ["utf-16", "latin-1", "UTF-7", "ascii", '"utf-16"', "x", ""]


@pytest.mark.rfc("6749", "B")
@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("endpoint", ["token", "revoke", "introspect", "introspect/status"])
def test_another_charset_than_utf_8_is_an_invalid_request(phone: Any, endpoint: str, charset: str) -> None:
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    response = phone.wire.generic("POST", phone.url(endpoint), b"client_id=x", content_type=content_type)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert phone.wire.compared


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_utf_8_may_be_named(phone: Any, charset: str) -> None:
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    body = f"grant_type=refresh_token&client_id={phone.client_id}&refresh_token={phone.tokens()['refresh_token']}"
    assert phone.wire.post(phone.url("token"), body, content_type=content_type).status_code == 200


def test_a_consent_form_in_another_charset_is_refused(phone: Any) -> None:
    form, content_type = b"answer=allow", "application/x-www-form-urlencoded; charset=utf-16"
    response = phone.browser.generic("POST", phone.authorize_url(), form, content_type=content_type)
    assert response.status_code == 400
    assert not response.has_header("Location")


# --- Replays across a change of keys ---------------------------------------------------------------------------
@pytest.mark.rfc("6749", "10.5")
def test_a_code_replayed_after_a_change_of_keys_ends_its_family(phone: Any, settings: Any) -> None:
    code = phone.code()
    tokens = phone.redeem(code).json()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key: long enough, and known to everybody"
    assert phone.redeem(code).json()["error"] == "invalid_grant"
    assert phone.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
