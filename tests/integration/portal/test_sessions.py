"""The page Sessions: browsers by name, signed out one by one or all others at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from portal.models import User
from rollout.models import AuditEvent

PASSWORD = "correct horse battery staple"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.4 Mobile/15E148 Safari/604.1"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)


@pytest.fixture
def boss(make_user: Callable[..., User]) -> User:
    return make_user("administrator", "boss@example.com", PASSWORD)


@pytest.fixture
def here(boss: User) -> Client:
    return sign_in(boss, WINDOWS, "192.0.2.1")


def sign_in(user: User, user_agent: str, address: str) -> Client:
    client = Client(headers={"user-agent": user_agent}, REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def session_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)


def sign_out_url(client: Client) -> str:
    return f"/accounts/sessions/{session_of(client).pk}/sign-out/"


def sign_outs() -> list[dict[str, object]]:
    return [event.details for event in AuditEvent.objects.filter(action="person.signed_out")]


def test_a_session_shows_browser_address_and_time_in_the_readers_zone(boss: User, here: Client) -> None:
    phone = sign_in(boss, IPHONE, "192.0.2.7")
    UserSession.objects.filter(pk=session_of(phone).pk).update(created_at=datetime(2026, 11, 29, 13, 5, tzinfo=UTC))
    here.cookies["time_zone"] = "Europe/Vienna"
    page = here.get("/accounts/sessions/").text
    assert "Safari on iPhone" in page
    assert '<time datetime="2026-11-29T14:05:00+01:00">29 Nov 2026, 14:05</time> from 192.0.2.7' in page
    assert page.count("This browser") == 1
    assert page.index("Edge on Windows") < page.index("This browser") < page.index("Safari on iPhone")
    assert f'action="{sign_out_url(phone)}"' in page
    assert sign_out_url(here) not in page


def test_one_other_browser_is_signed_out(boss: User, here: Client) -> None:
    phone, tablet = sign_in(boss, IPHONE, "192.0.2.7"), sign_in(boss, IPHONE, "192.0.2.8")
    answer = here.post(sign_out_url(phone), follow=True)
    assert "Signed out: Safari on iPhone." in answer.text
    assert [is_signed_in(client) for client in (here, phone, tablet)] == [True, False, True]
    assert sign_outs() == [{"sessions": 1}]
    event = AuditEvent.objects.get(action="person.signed_out")
    assert (event.actor, event.target_id) == (boss, str(boss.pk))


def test_all_other_browsers_are_signed_out(boss: User, here: Client) -> None:
    others = [sign_in(boss, IPHONE, "192.0.2.7"), sign_in(boss, IPHONE, "192.0.2.8")]
    assert "Sign out everywhere else" in here.get("/accounts/sessions/").text
    answer = here.post("/accounts/sessions/", follow=True)
    assert "Signed out everywhere else." in answer.text
    assert "You are not signed in anywhere else." in answer.text
    assert is_signed_in(here)
    assert not any(is_signed_in(other) for other in others)
    assert sign_outs() == [{"sessions": 2}]


def test_nothing_is_recorded_when_no_other_browser_is_signed_in(here: Client) -> None:
    here.post("/accounts/sessions/")
    assert is_signed_in(here)
    assert sign_outs() == []


def test_signing_out_the_current_browser_is_an_ordinary_sign_out(here: Client) -> None:
    assert here.post(sign_out_url(here))["Location"] == "/accounts/login/"
    assert not is_signed_in(here)
    assert sign_outs() == [{}]


def test_a_session_of_another_person_cannot_be_signed_out(here: Client, make_user: Callable[..., User]) -> None:
    other = sign_in(make_user("auditor", "other@example.com", PASSWORD), IPHONE, "192.0.2.9")
    assert "already signed out" in here.post(sign_out_url(other), follow=True).text
    assert is_signed_in(other)
    assert sign_outs() == []


def test_get_signs_nothing_out(boss: User, here: Client) -> None:
    phone = sign_in(boss, IPHONE, "192.0.2.7")
    assert here.get(sign_out_url(phone))["Location"] == "/accounts/sessions/"
    assert is_signed_in(phone)


def test_the_form_needs_its_csrf_token(boss: User) -> None:
    phone = sign_in(boss, IPHONE, "192.0.2.7")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = phone.cookies
    assert strict.post(sign_out_url(phone)).status_code == 403
    assert is_signed_in(phone)


def test_a_session_that_ended_by_itself_is_not_listed(boss: User, here: Client) -> None:
    sign_in(boss, IPHONE, "192.0.2.7")
    with time_machine.travel(timezone.now().replace(year=timezone.now().year + 1), tick=False):
        later = sign_in(boss, WINDOWS, "192.0.2.1").get("/accounts/sessions/").text
    assert "Safari on iPhone" not in later
