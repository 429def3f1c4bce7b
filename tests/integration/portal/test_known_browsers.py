"""Strangers who guess passwords stop neither people in known browsers nor passkeys, and keep out no one for good."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from django.core import mail
from django.test import Client

from oauth_provider.limits import attempts
from portal.accounts.known_browsers import COOKIE, LIFETIME_DAYS, MAX_MARKS
from portal.accounts.sign_in_links import make_link, make_rehearsal_link
from portal.models import SignInLink, User

PASSWORD = "correct horse battery staple"
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def limits(settings: Any, db: None) -> Iterator[None]:
    """The limits of an installation, in windows that no test crosses by chance; counted in the database."""
    settings.REDIS_URL = ""
    settings.RATE_LIMITS = {
        **settings.RATE_LIMITS, "sign_in_address": "600/600", "sign_in_failures": "4/600",
        "sign_in_principal": "2/600", "sign_in_known_browser": "3/600",
    }  # fmt: skip
    attempts.limiter.forget()
    with time_machine.travel(START, tick=False):
        yield
    attempts.limiter.forget()


@pytest.fixture
def person(make_user: Callable[..., User]) -> User:
    return make_user("member", "person@example.com", PASSWORD, pk=1295)  # "zz" in django-allauth's sessions


def sign_in(browser: Client, login: str, password: str = PASSWORD) -> int:
    return browser.post("/accounts/login/", {"login": login, "password": password}).status_code


def known_browser(person: User) -> Client:
    browser = Client()
    assert sign_in(browser, person.email) == 302
    browser.post("/accounts/logout/")
    return browser


def attack(person: User) -> None:
    """Guess the password of one account, and then of others, until the account and the address are at their limits."""
    stranger = Client()
    assert [sign_in(stranger, person.email, "guess") for _ in range(4)] == [200, 200, 429, 429]
    assert [sign_in(stranger, f"{number}@example.com", "guess") for number in range(4)] == [200, 200, 429, 429]


def test_a_known_browser_signs_in_during_an_attack(person: User) -> None:
    browser = known_browser(person)
    attack(person)
    assert sign_in(browser, person.email, "a typo") == 200
    assert sign_in(browser, person.email) == 302


def test_a_password_from_an_unknown_browser_is_not_read_during_an_attack(person: User) -> None:
    """Else the response would tell the stranger which guess was right."""
    attack(person)
    page = Client().post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert page.status_code == 429
    assert COOKIE not in page.cookies
    assert "A passkey still works, and so does a browser in which you have signed in before." in page.text


def test_a_known_browser_has_its_own_limit(person: User) -> None:
    browser = known_browser(person)
    assert [sign_in(browser, person.email, "guess") for _ in range(4)] == [200, 200, 200, 429]
    assert sign_in(browser, person.email) == 429
    assert sign_in(Client(), person.email) == 302  # its failures count for no other browser


def test_a_known_browser_is_known_for_its_person_only(person: User, make_user: Callable[..., User]) -> None:
    other = make_user("administrator", "boss@example.com", PASSWORD)
    browser = known_browser(person)
    assert [sign_in(browser, other.email, "guess") for _ in range(3)] == [200, 200, 429]
    assert sign_in(browser, other.email) == 429


def test_a_browser_stays_known_for_each_of_its_people(person: User, make_user: Callable[..., User]) -> None:
    browser = known_browser(person)
    people = [make_user("member", f"{number}@example.org", PASSWORD) for number in range(MAX_MARKS)]
    for other in people[:-1]:
        assert sign_in(browser, other.email) == 302
        browser.post("/accounts/logout/")
    attack(person)
    assert sign_in(browser, person.email) == 302
    browser.post("/accounts/logout/")
    assert len(browser.cookies[COOKIE].value.split(".")) == MAX_MARKS


@pytest.mark.parametrize("value", ["", "x", ".", "A" * 48, "é", "A" * 4000, "=" * 48])
def test_a_forged_cookie_is_ignored(person: User, value: str) -> None:
    attack(person)
    browser = Client()
    browser.cookies[COOKIE] = value
    assert sign_in(browser, person.email) == 429


def test_a_changed_cookie_is_ignored(person: User) -> None:
    browser = known_browser(person)
    attack(person)
    mark = browser.cookies[COOKIE].value
    browser.cookies[COOKIE] = ("B" if mark[0] == "A" else "A") + mark[1:]
    assert sign_in(browser, person.email) == 429


def test_a_mark_expires(person: User) -> None:
    browser = known_browser(person)
    with time_machine.travel(START + timedelta(days=LIFETIME_DAYS + 1), tick=False):
        attempts.limiter.forget()
        attack(person)
        assert sign_in(browser, person.email) == 429


def test_the_key_can_be_replaced(person: User, settings: Any) -> None:
    browser = known_browser(person)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key for this test, long enough", [settings.SECRET_KEY]
    attack(person)
    assert sign_in(browser, person.email) == 302


@pytest.mark.parametrize("https", [True, False])
def test_the_cookie_reveals_nothing_and_is_only_sent_to_us(person: User, settings: Any, https: bool) -> None:
    settings.HTTPS = https
    cookie = known_browser(person).cookies[COOKIE]
    assert re.fullmatch(r"[A-Za-z0-9_-]{48}", cookie.value)
    assert (cookie["httponly"], cookie["samesite"], bool(cookie["secure"])) == (True, "Lax", https)
    assert cookie.value != known_browser(person).cookies[COOKIE].value


def test_a_wrong_password_marks_no_browser(person: User) -> None:
    browser = Client()
    assert sign_in(browser, person.email, "wrong") == 200
    assert COOKIE not in browser.cookies


def test_the_browser_of_a_sign_in_test_is_not_marked(person: User) -> None:
    browser = Client()
    assert browser.post(make_rehearsal_link(user_id=person.pk).removeprefix("http://testserver")).status_code == 302
    assert COOKIE not in browser.cookies


def test_a_person_without_a_known_browser_gets_in_by_a_link(person: User) -> None:
    """From an administrator, or by e-mail: an attack that never ends keeps out no one for good."""
    attack(person)
    browser = Client()
    path = make_link(user=person, purpose=SignInLink.Purpose.WELCOME, actor=None)
    assert browser.post("/" + path.split("/", 3)[3]).status_code == 302
    browser.post("/accounts/logout/")
    assert sign_in(browser, person.email) == 302

    another = Client()
    assert another.post("/accounts/password/reset/", {"email": person.email}).status_code == 302
    (link,) = re.findall(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)
    form = another.get(link)["Location"]
    new = "another battery staple"
    assert another.post(form, {"password1": new, "password2": new}).status_code == 302
    assert sign_in(another, person.email, new) == 302


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_codes_from_a_known_browser(person: User) -> None:
    """A stranger who knows the password uses up the codes of unknown browsers only."""
    browser, secret = known_browser(person), generate_totp_secret()
    TOTP.activate(person, secret)
    stranger = Client()
    assert sign_in(stranger, person.email) == 302
    codes = [stranger.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code for _ in range(4)]
    assert codes == [200, 200, 429, 429]
    assert sign_in(browser, person.email) == 302
    assert browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)}).status_code == 302


def test_a_signed_in_person_confirms_their_password_during_an_attack(person: User) -> None:
    browser = Client()
    assert sign_in(browser, person.email) == 302
    browser.cookies.pop(COOKIE)  # as if signed in before an update of Gatepass
    attack(person)
    assert browser.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


def test_empty_passwords_count_for_nothing(person: User) -> None:
    stranger = Client()
    assert {sign_in(stranger, person.email, "") for _ in range(20)} == {200}
    assert sign_in(Client(), person.email) == 302


def test_only_wrong_passkeys_are_limited(person: User, settings: Any) -> None:
    """A passkey is always read. A wrong one redirects to the sign-in page; above the limit it gets 429 instead."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "sign_in_failures": "2/600"}
    wrong = [Client().post("/accounts/2fa/webauthn/login/", {"credential": "{}"}).status_code for _ in range(4)]
    assert wrong == [302, 302, 429, 429]
    assert sign_in(Client(), person.email) == 302  # passwords have their own count


def test_a_passkey_signs_in_during_an_attack(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    passkey = Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={})
    attack(person)
    for _ in range(9):
        Client().post("/accounts/2fa/webauthn/login/", {"credential": "{}"})
    # The signature of a real one is verified in tests/system/browser/test_passkeys.py.
    monkeypatch.setattr(LoginWebAuthnForm, "clean_credential", lambda _form: passkey)
    browser = Client()
    browser.post("/accounts/2fa/webauthn/login/", {"credential": '{"id": "x"}'})
    assert browser.session["_auth_user_id"] == str(person.pk)
