"""The authorization endpoint: validation, consent and redirects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client
from oauth2_provider.models import get_grant_model

from portal.models import User
from rollout.models import Site


@pytest.fixture(autouse=True)
def _no_code_is_left(db: None) -> Iterator[None]:
    """A refusal leaves no code, and a redeemed code is deleted."""
    yield
    assert not get_grant_model().objects.exists()


@pytest.mark.rfc("7636", "B")
def test_it_works(phone: Any, callback: Any, provided_site: Site) -> None:
    page = phone.authorize()
    assert page.status_code == 200
    assert "Confluence Data Center app" in page.text
    assert provided_site.title in page.text
    answer = callback(phone.answer())
    assert answer.keys() == {"code", "state", "iss"}
    assert phone.redeem(answer["code"]).status_code == 200


@pytest.mark.rfc("9207", "2")
def test_the_issuer_comes_with_success_denial_and_error(phone: Any, callback: Any, provided_site: Site) -> None:
    denied = callback(phone.answer("cancel"))
    assert denied["iss"] == provided_site.base_url
    wrong = callback(phone.authorize(scope="READ"))
    assert (wrong["error"], wrong["iss"]) == ("invalid_scope", provided_site.base_url)
    granted = callback(phone.answer())
    assert granted["iss"] == provided_site.base_url
    phone.redeem(granted["code"])


@pytest.mark.rfc("6749", "4.1.2.1")
def test_a_person_who_cancels_sends_access_denied(phone: Any, callback: Any) -> None:
    for answer in ("cancel", "", "ALLOW", "true"):
        denied = callback(phone.answer(answer))
        assert (denied["error"], denied["state"]) == ("access_denied", "some-state")


@pytest.mark.rfc("6749", "4.1.2")
@pytest.mark.parametrize("state", ["a", "a b+c%20&d=e/?#[]", "é漢字🙂", "x" * 4000, '{"a": "\'<>"}', "iss=evil&code=1"])
def test_state_comes_back_exactly(phone: Any, callback: Any, state: str) -> None:
    assert callback(phone.answer("cancel", state=state))["state"] == state


@pytest.mark.rfc("9700", "2.1.1")
@pytest.mark.rfc("7636", "4.4.1")
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge": None},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": ""},
        {"code_challenge_method": None},
        {"code_challenge_method": ""},
        {"code_challenge_method": "S512"},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short"},
        {"code_challenge": "x" * 44},
        {"code_challenge": "x" * 42 + "="},
        {"code_challenge": "x" * 42 + "+"},
    ],
)
def test_anything_but_s256_is_refused_before_consent(phone: Any, callback: Any, changes: dict[str, str | None]) -> None:
    for response in (phone.authorize(**changes), phone.answer(**changes)):
        error = callback(response)
        assert (error["error"], error["state"]) == ("invalid_request", "some-state")


@pytest.mark.rfc("6749", "4.1.2.1")
@pytest.mark.parametrize("client_id", ["unknown", None, "", "é", "x" * 4000, "' OR 1=1 --"])
def test_an_unknown_client_gets_an_error_page_without_redirect(phone: Any, client_id: str | None) -> None:
    response = phone.authorize(client_id=client_id)
    assert response.status_code == 400
    assert not response.has_header("Location")
    assert "does not recognize the app" in response.text


@pytest.mark.rfc("9700", "2.1")
@pytest.mark.rfc("6749", "3.1.2")
@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/", "confluence-server://oauth-callback/", "confluence-server://oauth-callback?a=b",
        "confluence-server://oauth-callback#", "confluence-server://oauth-callback#x",
        "confluence-server:/oauth-callback",
        "CONFLUENCE-SERVER://oauth-callback", "confluence-server://OAUTH-CALLBACK", "confluence-server://a@oauth-callback",
        "jira-server://oauth-callback", "javascript:alert(1)", "//evil.example", "not a uri",
    ],
)  # fmt: skip
def test_another_redirect_uri_is_never_used(phone: Any, redirect_uri: str) -> None:
    for response in (phone.authorize(redirect_uri=redirect_uri), phone.answer("cancel", redirect_uri=redirect_uri)):
        assert response.status_code == 400
        assert not response.has_header("Location")
        assert "not registered for it" in response.text


@pytest.mark.rfc("6749", "3.1.2.3")
def test_an_omitted_redirect_uri_is_the_registered_one(phone: Any, callback: Any) -> None:
    assert callback(phone.answer("cancel", redirect_uri=None))["error"] == "access_denied"


@pytest.mark.rfc("6749", "3.1.2.3")
def test_omitted_with_two_registered_is_refused(phone: Any) -> None:
    from oauth_provider.models import Client as OAuthClient

    OAuthClient.objects.update(redirect_uris="confluence-server://oauth-callback jira-server://oauth-callback")
    response = phone.authorize(redirect_uri=None)
    assert response.status_code == 400
    assert not response.has_header("Location")


@pytest.mark.rfc("9700", "2.1.2")
@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "code id_token", "none", "Code", "x"])
def test_only_the_code_response_type(phone: Any, callback: Any, response_type: str) -> None:
    error = callback(phone.authorize(response_type=response_type))
    assert error["error"] in {"unsupported_response_type", "unauthorized_client"}
    assert error["state"] == "some-state"


@pytest.mark.rfc("6749", "4.1.2.1")
def test_a_missing_response_type_is_an_invalid_request(phone: Any, callback: Any) -> None:
    error = callback(phone.authorize(response_type=None))
    assert (error["error"], error["state"]) == ("invalid_request", "some-state")


@pytest.mark.rfc("6749", "3.3")
@pytest.mark.parametrize("scope", ["READ", "ADMIN", "SYSTEM_ADMIN", "WRITE ADMIN", "write", "nonsense", "__all__"])
def test_any_scope_but_write_is_refused(phone: Any, callback: Any, scope: str) -> None:
    assert callback(phone.authorize(scope=scope))["error"] == "invalid_scope"


@pytest.mark.rfc("6749", "3.1")
@pytest.mark.parametrize("scope", [None, ""])
def test_an_empty_scope_is_the_default_one(phone: Any, scope: str | None) -> None:
    page = phone.authorize(scope=scope)
    assert page.status_code == 200
    assert "View, create, edit and delete" in page.text


@pytest.mark.rfc("6749", "3.1")
@pytest.mark.parametrize(
    "name",
    [
        "client_id",
        "redirect_uri",
        "state",
        "scope",
        "response_type",
        "code_challenge",
        "code_challenge_method",
        "other",
    ],
)
def test_a_repeated_parameter_does_not_redirect(phone: Any, name: str) -> None:
    url = phone.authorize_url(other="x")
    value = parse_qs(urlsplit(url).query)[name][0]
    response = phone.browser.get(f"{url}&{name}={quote(value)}")
    assert response.status_code == 400
    assert not response.has_header("Location")


@pytest.mark.rfc("6749", "3.1")
def test_unknown_parameters_are_ignored(phone: Any) -> None:
    extra = {
        "nonce": "n" * 300, "resource": "nonsense", "claims": "{", "response_mode": "fragment", "max_age": "x",
        "ui_locales": "xx", "approval_prompt": "auto", "prompt": "none create login", "user": "1", "scopes": "ADMIN",
        "request": "x", "client": "x",
    }  # fmt: skip
    assert phone.authorize(**extra).status_code == 200
    assert phone.redeem(phone.code(**extra)).json()["scope"] == "WRITE"


@pytest.mark.rfc("8252", "8.6")
def test_consent_is_required_each_time(phone: Any) -> None:
    assert phone.tokens()["access_token"]
    for changes in ({}, {"approval_prompt": "auto"}, {"prompt": "none"}):
        assert "Allow" in phone.authorize(**changes).text


@pytest.mark.rfc("9700", "4.11.2")
@pytest.mark.parametrize(
    "changes", [{}, {"scope": "READ"}, {"prompt": "none"}, {"redirect_uri": "https://evil.example"}]
)
def test_sign_in_comes_first(phone: Any, changes: dict[str, str]) -> None:
    for method in ("get", "post"):
        response = getattr(Client(), method)(phone.authorize_url(**changes))
        assert response.status_code == 302
        target = urlsplit(response["Location"])
        assert (target.netloc, target.path) == ("", "/accounts/login/")
        assert parse_qs(target.query)["next"] == [phone.authorize_url(**changes)]


def test_a_deactivated_person_must_sign_in(phone: Any, member: User) -> None:
    member.is_active = False
    member.save()
    assert phone.answer()["Location"].startswith("/accounts/login/")


@pytest.mark.rfc("6749", "10.6")
def test_the_form_cannot_change_the_request(phone: Any, callback: Any, provided_site: Site) -> None:
    """Only the URL counts, and it is validated again; the body is ignored."""
    forged = {
        "answer": "allow", "scope": "SYSTEM_ADMIN", "redirect_uri": "confluence-server://evil", "client_id": "evil",
        "code_challenge": "x" * 43, "state": "forged",
    }  # fmt: skip
    answer = callback(phone.browser.post(phone.authorize_url(), forged))
    assert answer["state"] == "some-state"
    assert phone.redeem(answer["code"]).json()["scope"] == "WRITE"


@pytest.mark.rfc("6749", "10.12")
@pytest.mark.parametrize("forged", [{}, {"csrfmiddlewaretoken": "x" * 64}])
def test_consent_from_another_page_is_refused(phone: Any, member: User, forged: dict[str, str]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(member)
    browser.get(phone.authorize_url())
    assert browser.post(phone.authorize_url(), {"answer": "allow", **forged}).status_code == 403


@pytest.mark.rfc("9700", "4.2.4")
@pytest.mark.rfc("9700", "4.16")
def test_the_consent_page_is_not_framed_cached_or_leaked(phone: Any) -> None:
    page = phone.authorize()
    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "same-origin"  # "no-referrer" would make the form's own Origin "null"
    assert page["X-Frame-Options"] == "DENY"
    policy = page["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' confluence-server: jira-server:" in policy
    assert "default-src 'none'" in policy


def test_other_pages_do_not_allow_the_scheme(provided_site: Site) -> None:
    assert "confluence-server:" not in Client().get("/at/rehearsal/")["Content-Security-Policy"]


@pytest.mark.rfc("9700", "4.2.4")
@pytest.mark.rfc("9700", "4.12")
def test_the_redirect_is_not_cached_or_leaked(phone: Any) -> None:
    response = phone.answer()
    assert response.status_code == 302
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    get_grant_model().objects.all().delete()


@pytest.mark.rfc("9700", "2.6")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "confluence-server://oauth-callback"])
def test_no_cors_headers(phone: Any, origin: str) -> None:
    response = phone.browser.get(phone.authorize_url(), headers={"origin": origin})
    assert not any(name.lower().startswith("access-control") for name in response.headers)


@pytest.mark.rfc("6749", "10.10")
def test_codes_are_long_and_never_the_same(phone: Any) -> None:
    codes = {phone.code() for _ in range(20)}
    assert len(codes) == 20
    assert all(len(code) >= 22 for code in codes)  # 62 characters: 131 bits
    get_grant_model().objects.all().delete()


def test_administrators_need_consent_too(
    provided_site: Site, phone_of: Callable[..., Any], administrator: User
) -> None:
    assert "Allow" in phone_of(provided_site, administrator).authorize().text
