"""Second factors that roles require: without one, no page, Django admin or API is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.management import call_command
from django.test import Client
from django.utils.html import escape

from portal.accounts.sign_in_links import make_link
from portal.models import SignInLink, User
from rollout.models import AuditEvent
from tests.support.provider_fixtures import callback

PASSWORD = "correct horse battery staple"


def add_totp(user: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


@pytest.fixture
def boss(make_user: Callable[..., User]) -> User:
    return make_user("administrator", "boss@example.com", PASSWORD)


@pytest.fixture
def browser(boss: User) -> Client:
    """Signed in with the password."""
    client = Client()
    client.post("/accounts/login/", {"login": boss.email, "password": PASSWORD})
    return client


def test_other_roles_need_no_factor(settings: Any, browser: Client) -> None:
    settings.SECOND_FACTOR_ROLES = ["auditor"]
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/sites/", "/sites/new/", "/people/", "/admin/", "/me/devices/", "/sites/export.csv"]
)
def test_a_password_alone_is_not_enough(settings: Any, browser: Client, path: str) -> None:
    settings.SECOND_FACTOR_ROLES = ["administrator"]
    answer = browser.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/2fa/"
    assert "Your role requires a second factor" in browser.get("/accounts/2fa/").text


def test_the_api_responds_403(settings: Any, browser: Client) -> None:
    settings.SECOND_FACTOR_ROLES = ["administrator"]
    answer = browser.get("/api/v1/sites")
    assert answer.status_code == 403
    assert "second factor" in answer.json()["error"]["message"]


def test_setting_up_and_using_a_factor_gives_access(settings: Any, browser: Client, boss: User) -> None:
    settings.SECOND_FACTOR_ROLES = ["administrator"]
    secret = add_totp(boss)
    answer = browser.get("/sites/?q=a")
    assert answer["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fsites%2F%3Fq%3Da"
    assert browser.get("/accounts/2fa/totp/activate/").status_code == 302  # a new factor needs the existing one
    assert browser.post(answer["Location"], {"code": "000000"}).status_code == 200
    proved = browser.post(answer["Location"], {"code": code_of(secret), "next": "/sites/?q=a"})
    assert proved["Location"] == "/sites/?q=a"
    assert browser.get("/sites/").status_code == 200


def test_signing_in_with_it_is_enough(settings: Any, boss: User) -> None:
    settings.SECOND_FACTOR_ROLES = ["administrator"]
    secret, client = add_totp(boss), Client()
    asked = client.post("/accounts/login/", {"login": boss.email, "password": PASSWORD})
    assert asked["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/").status_code == 302
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/").status_code == 200


def test_a_code_is_not_a_passkey(settings: Any, boss: User) -> None:
    settings.PASSKEY_ROLES = ["administrator"]
    secret, client = add_totp(boss), Client()
    client.post("/accounts/login/", {"login": boss.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/")["Location"] == "/accounts/2fa/webauthn/add/"


def test_the_sign_in_of_an_app_needs_the_factor_too(settings: Any, browser: Client, make_site: Any) -> None:
    settings.SECOND_FACTOR_ROLES = ["administrator"]
    make_site(slug="pilot", provider="gatepass", product="confluence")
    assert browser.get("/at/pilot/rest/oauth2/latest/authorize?client_id=x")["Location"] == "/accounts/2fa/"


def test_a_welcome_link_requires_an_existing_factor(boss: User) -> None:
    secret, client = add_totp(boss), Client()
    path = urlsplit(make_link(user=boss, purpose=SignInLink.Purpose.WELCOME, actor=None)).path
    assert client.post(path)["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/").status_code == 302
    assert client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})["Location"] == "/"


def test_lost_factors_are_removed_with_a_sign_in_link_and_recorded(boss: User) -> None:
    add_totp(boss)
    RecoveryCodes.activate(boss)
    said = StringIO()
    call_command("sign_in_link", boss.email, "--remove-factors", stdout=said)
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.get(action="person.factors_reset").details == {"factors": 2}
    assert Client().post(urlsplit(said.getvalue().strip()).path)["Location"] == "/"


# --- After the setup -------------------------------------------------------------------------------------------
def set_up_totp(browser: Client, clock: Any) -> Any:
    """Set up an authenticator app on the pages, prove it, and return the page with the recovery codes."""
    page = "/accounts/2fa/totp/activate/"
    asked = browser.get(page)
    if asked.status_code == 302:  # to confirm the password
        browser.post(asked["Location"], {"password": PASSWORD, "next": page})
        browser.get(page)
    secret = browser.session["mfa.totp.secret"]
    activated = browser.post(page, {"code": code_of(secret)})
    assert activated.status_code == 302, activated.text
    clock.shift(timedelta(seconds=31))  # each code works once
    proof = browser.get(activated["Location"])["Location"]
    return browser.post(proof, {"code": code_of(secret), "next": activated["Location"]}, follow=True)


@pytest.mark.parametrize("by", ["the link", "the page after it"])
def test_setting_one_up_goes_on_to_the_app(settings: Any, phone: Any, make_user: Any, by: str) -> None:
    """The sign-in of an app that led to the setup continues after it, once."""
    settings.SECOND_FACTOR_ROLES = ["member"]
    user, url = make_user("member", "ada@example.com", PASSWORD), phone.authorize_url()
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        browser = Client()
        asked = browser.get(url)
        form = {"login": user.email, "password": PASSWORD, "next": url}
        page = browser.post(asked["Location"], form, follow=True)
        assert page.redirect_chain[-1] == ("/accounts/2fa/", 302)
        codes = set_up_totp(browser, clock)
        assert "Recovery codes" in codes.text
        if by == "the link":
            assert f'href="{escape(url)}"' in codes.text
            assert browser.get(url).status_code == 200
        else:
            assert browser.get("/accounts/2fa/")["Location"] == url
            assert browser.get(url).status_code == 200
        assert browser.get("/accounts/2fa/").status_code == 200
        assert phone.redeem(callback(browser.post(url, {"answer": "allow"}))["code"]).status_code == 200
