"""A lock-out states when the next attempt counts, from the limit in force: on forms and on the page for HTTP 429."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from oauth_provider.limits import attempts
from portal.accounts.lockouts import longest_window, try_again
from portal.models import User

PASSWORD = "correct horse battery staple"


@pytest.fixture
def person(make_user: Callable[..., User]) -> User:
    return make_user("member", "person@example.com", PASSWORD, pk=1295)  # "zz" in django-allauth's sessions


@pytest.fixture
def allauth_limits(settings: Any) -> Callable[..., None]:
    def allow(**limits: str) -> None:
        settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, **limits}

    return allow


@pytest.fixture
def own_limits(settings: Any) -> Callable[..., None]:
    def allow(**limits: str) -> None:
        attempts.limiter.forget()
        settings.REDIS_URL = ""  # the database counts, and forgets after the test
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, **limits}

    return allow


def sign_in(client: Client, person: User, password: str) -> Any:
    return client.post("/accounts/login/", {"login": person.email, "password": password})


@pytest.mark.parametrize(("window", "wait"), [("86400", "hour"), ("45", "second")])
def test_failed_sign_ins(client: Client, person: User, own_limits: Callable[..., None], window: str, wait: str) -> None:
    own_limits(sign_in_principal=f"2/{window}")
    for _ in range(2):
        assert "The e-mail address or the password is wrong." in sign_in(client, person, "wrong").text
    page = sign_in(client, person, PASSWORD)
    assert page.status_code == 429
    assert "Too many failed sign-ins. Try again in " in page.text
    assert wait in page.text


def test_wrong_codes_of_a_second_factor(client: Client, person: User, own_limits: Callable[..., None]) -> None:
    own_limits(sign_in_principal="2/86400")
    TOTP.activate(person, generate_totp_secret())
    assert sign_in(client, person, PASSWORD)["Location"] == "/accounts/2fa/authenticate/"
    pages = [client.post("/accounts/2fa/authenticate/", {"code": "000000"}) for _ in range(3)]
    assert [page.status_code for page in pages] == [200, 200, 429]


def test_wrong_passwords_at_reauthentication(client: Client, person: User, own_limits: Callable[..., None]) -> None:
    own_limits(sign_in_known_browser="2/86400")
    sign_in(client, person, PASSWORD)
    pages = [client.post("/accounts/reauthenticate/", {"password": "wrong"}) for _ in range(3)]
    assert [page.status_code for page in pages] == [200, 200, 429]


def test_password_resets(client: Client, person: User, allauth_limits: Callable[..., None]) -> None:
    allauth_limits(reset_password="20/m/ip,1/20m/key")
    pages = [client.post("/accounts/password/reset/", {"email": person.email}) for _ in range(2)]
    assert [page.status_code for page in pages] == [302, 429]
    assert "Try again in 20 minutes." in pages[1].text
    assert pages[1]["Retry-After"] == "1200"


def test_password_changes(client: Client, person: User, allauth_limits: Callable[..., None]) -> None:
    allauth_limits(change_password="1/3m/user")
    sign_in(client, person, PASSWORD)
    pages = [client.post("/accounts/password/change/", {"oldpassword": "wrong"}) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 429]
    assert "Try again in 3 minutes." in pages[1].text


@pytest.mark.parametrize(
    ("path", "field"), [("/accounts/login/", "login"), ("/accounts/password/reset/", "email"), ("/admin/login/", "")]
)
def test_requests_of_one_address(
    client: Client, person: User, own_limits: Callable[..., None], path: str, field: str
) -> None:
    own_limits(sign_in_address="1/86400")
    pages = [client.post(path, {field or "username": person.email, "password": "wrong"}) for _ in range(2)]
    assert pages[1].status_code == 429
    assert try_again(int(pages[1]["Retry-After"])) in pages[1].text


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (0, "Try again in 1 second."),
        (1, "Try again in 1 second."),
        (59, "Try again in 59 seconds."),
        (60, "Try again in 1 minute."),
        (61, "Try again in 2 minutes."),
        (300, "Try again in 5 minutes."),
        (7199, "Try again in 120 minutes."),
        (7200, "Try again in 2 hours."),
        (7201, "Try again in 3 hours."),
    ],
)
def test_durations_are_rounded_up(seconds: int, sentence: str) -> None:
    assert try_again(seconds) == sentence


def test_the_longest_of_several_limits_counts(allauth_limits: Callable[..., None]) -> None:
    allauth_limits(reset_password="10/m/ip,5/5m/key", signup="")
    assert longest_window("reset_password") == 300
    assert longest_window("signup") == 0
