"""Idle and absolute limits of browser sessions, and reauthentication."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts.session_limits import SEEN_INTERVAL
from portal.models import User
from portal.tasks import remove_old_sessions

PASSWORD = "correct horse battery staple"
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def boss(make_user: Callable[..., User]) -> User:
    return make_user("administrator", "boss@example.com", PASSWORD)


def sign_in(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def opens(client: Client, path: str = "/") -> bool:
    return client.get(path).status_code == 200


def test_an_idle_browser_is_signed_out(boss: User) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = sign_in(boss)
        clock.shift(timedelta(minutes=59))
        assert opens(client)
        clock.shift(timedelta(minutes=59))  # since the previous page
        assert opens(client)
        clock.shift(timedelta(minutes=61))
        assert client.get("/")["Location"] == "/accounts/login/?next=/"


def test_an_active_browser_is_signed_out_at_the_maximum_age(boss: User) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = sign_in(boss)
        for _half_hour in range(24):
            clock.shift(timedelta(minutes=30))
            assert opens(client)
        clock.shift(timedelta(minutes=1))
        assert not opens(client)


def test_an_export_requires_reauthentication_after_a_while(boss: User) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = sign_in(boss)
        assert opens(client, "/people/export.csv")
        clock.shift(timedelta(minutes=16))
        assert opens(client, "/people/")
        asked = client.get("/people/export.csv")
        assert asked["Location"] == "/accounts/reauthenticate/?next=%2Fpeople%2Fexport.csv"
        assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
        assert not opens(client, "/people/export.csv")
        proved = client.post(asked["Location"], {"password": PASSWORD, "next": "/people/export.csv"})
        assert proved["Location"] == "/people/export.csv"
        assert opens(client, "/people/export.csv")


def test_signing_in_changes_the_session(boss: User) -> None:
    client = Client()
    client.get("/accounts/login/")
    client.session["planted"] = True
    before = client.session.session_key
    client.post("/accounts/login/", {"login": boss.email, "password": PASSWORD})
    assert client.session.session_key != before


def test_expired_sessions_are_removed(boss: User) -> None:
    sign_in(boss)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=False):
        kept = sign_in(boss).session.session_key
        remove_old_sessions()
    assert [one.session_key for one in UserSession.objects.all()] == [kept]
    assert list(Session.objects.values_list("pk", flat=True)) == [kept]


def test_many_people_behind_one_address_sign_in(boss: User) -> None:
    """Forty in a minute: only RATE_LIMITS limits an address."""
    assert all(opens(sign_in(boss)) for _person in range(40))


def test_a_session_stores_its_last_use_once_a_minute_in_three_statements(boss: User) -> None:
    """Django saves a session in three: a savepoint, the row, the savepoint's release."""
    with time_machine.travel(START, tick=False) as clock:
        client = sign_in(boss)

        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert opens(client, "/sites/")
            return len(captured)

        statements()  # queries that a process makes only once
        usual = statements()
        clock.shift(timedelta(seconds=SEEN_INTERVAL + 1))
        assert statements() == usual + 3
        assert statements() == usual
