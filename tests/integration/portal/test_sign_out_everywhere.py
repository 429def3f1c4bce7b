"""Sign out everywhere: of oneself, and by an administrator of another person; browsers and phones by choice."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider.tokens.sessions import live_sessions
from portal.models import AccountNotice, User
from rollout.models import AuditEvent
from tests.support.phone_sign_ins import sign_in_phones

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada(make_user: Any, provided_site: Any) -> User:
    user = make_user("member", "ada@example.com", PASSWORD, last_login=timezone.now())
    sign_in_phones(provided_site, [user, user])
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def opens(client: Client) -> bool:
    return client.get("/me/passes/").status_code == 200


CHOICES = [
    ({"browsers": "on", "phones": "on"}, 0, False),
    ({"browsers": "on"}, 2, False),
    ({"phones": "on"}, 0, True),
]


@pytest.mark.parametrize(("choice", "phones", "browsers"), CHOICES)
def test_of_oneself(ada: User, choice: dict[str, str], phones: int, browsers: bool) -> None:
    here, there = signed_in(ada), signed_in(ada)
    assert "Sign out everywhere" in here.get("/accounts/sessions/").text
    page = here.get("/me/sign-out-everywhere/")
    assert (page.status_code, opens(there)) == (200, True)
    answer = here.post("/me/sign-out-everywhere/", choice)
    assert answer["Location"] == ("/accounts/sessions/" if browsers else "/accounts/login/")
    assert (len(live_sessions(ada)), opens(here), opens(there)) == (phones, browsers, browsers)
    event = AuditEvent.objects.get(action="person.signed_out_everywhere")
    assert event.details == {"sessions": 0 if browsers else 2, "phones": 2 - phones, "tokens": 0}
    assert not AccountNotice.objects.exists()


@pytest.mark.parametrize(("choice", "phones", "browsers"), CHOICES)
def test_of_another_person(
    ada: User, administrator: User, client_of: Any, choice: dict[str, str], phones: int, browsers: bool
) -> None:
    theirs, client = signed_in(ada), client_of(administrator)
    url = f"/people/{ada.pk}/sign-out/"
    assert url in client.get(f"/people/{ada.pk}/").text
    assert client.get(url).status_code == 200
    assert opens(theirs)
    assert "was signed out" in client.post(url, choice, follow=True).text
    assert (len(live_sessions(ada)), opens(theirs)) == (phones, browsers)
    event = AuditEvent.objects.get(action="person.signed_out_everywhere")
    assert (event.actor_id, event.target_id) == (administrator.pk, str(ada.pk))
    notice = ada.account_notices.get()
    assert notice.kind == AccountNotice.Kind.SIGNED_OUT
    assert "administrator@example.com signed you out" in notice.sentence
    assert opens(client)


def test_a_session_without_a_row_on_the_sessions_page_ends_too(ada: User, client_of: Any) -> None:
    """Such as that of a sign-in test."""
    hidden = client_of(ada)
    signed_in(ada).post("/me/sign-out-everywhere/", {"browsers": "on"})
    assert not opens(hidden)


def test_nothing_chosen(ada: User) -> None:
    client = signed_in(ada)
    answer = client.post("/me/sign-out-everywhere/", {})
    assert (answer.status_code, "Select at least one of these." in answer.text) == (422, True)
    assert len(live_sessions(ada)) == 2
    assert opens(client)


def test_ones_own_page_leads_to_ones_own_sign_out(administrator: User, client_of: Any) -> None:
    answer = client_of(administrator).post(f"/people/{administrator.pk}/sign-out/", {"browsers": "on"})
    assert answer["Location"] == "/me/sign-out-everywhere/"


@pytest.mark.parametrize("role", ["auditor", "alice", "member"])
def test_only_administrators(ada: User, request: Any, client_of: Any, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert client.post(f"/people/{ada.pk}/sign-out/", {"phones": "on"}).status_code in {403, 404}
    assert len(live_sessions(ada)) == 2
