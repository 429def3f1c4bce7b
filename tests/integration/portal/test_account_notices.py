"""People are told what was done to their account: by e-mail and on their pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from portal.accounts import people, sign_in_links
from portal.accounts.account_notices import DELAYS, notify, send_due_notices
from portal.models import AccountNotice, SignInLink, User
from portal.tasks import remove_old_sessions, send_account_notices
from rollout.models import AuditEvent
from tests.support.pages import form_id_on

Kind = AccountNotice.Kind
PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada(make_user: Any) -> User:
    return make_user("member", "ada@example.com", PASSWORD, first_name="Ada", last_login=timezone.now())


def kinds(person: User) -> list[str]:
    return [notice.kind for notice in person.account_notices.all()]


def test_it_works(ada: User, administrator: User, client_of: Any) -> None:
    """A sign-in link for another person."""
    client = client_of(administrator)
    form_id = form_id_on(client.get(f"/people/{ada.pk}/"))
    client.post(f"/people/{ada.pk}/sign-in-link/", {"form_id": form_id})
    send_account_notices()
    (message,) = mail.outbox
    assert message.to == ["ada@example.com"]
    assert message.subject == "Gatepass: Sign-in link created"
    assert "administrator@example.com created a link that signs in to your account once." in message.body
    assert "/accounts/sessions/" in message.body
    assert "/welcome/" not in message.body
    assert "created a link" in client_of(ada).get("/accounts/sessions/").text
    assert "created a link" not in client.get("/accounts/sessions/").text


def test_a_new_person_gets_the_link_itself(administrator: User) -> None:
    new = people.create_person(actor=administrator, email="new@example.com")
    sign_in_links.make_link(user=new, purpose=SignInLink.Purpose.WELCOME, actor=administrator)
    assert kinds(new) == []


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_a_new_role(ada: User, administrator: User, role: str) -> None:
    people.change_person(actor=administrator, person=ada, name="Ada", role=role)
    assert kinds(ada) == [Kind.ROLE]
    assert f"changed your role to {role.capitalize()}" in ada.account_notices.get().sentence
    people.change_person(actor=administrator, person=ada, name="Ada L.", role=role)
    assert kinds(ada) == [Kind.ROLE]


def test_a_new_password_and_removed_factors(ada: User) -> None:
    ada.set_password("another horse with a longer name")
    ada.save()
    assert kinds(ada) == [Kind.PASSWORD]
    TOTP.activate(ada, generate_totp_secret())
    call_command("sign_in_link", ada.email, "--remove-factors")
    assert set(kinds(ada)) == {Kind.PASSWORD, Kind.FACTOR_REMOVED, Kind.SIGN_IN_LINK}


@pytest.fixture
def broken_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    is_broken = [True]

    def send(self: Any, *args: Any, **kwargs: Any) -> int:
        if is_broken[0]:
            raise ConnectionRefusedError
        mail.outbox.append(self)
        return 1

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send)
    return is_broken


def test_a_mail_that_fails_is_sent_later(ada: User, broken_server: list[bool]) -> None:
    notify(person=ada, kind=Kind.PASSWORD, actor=None)
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        assert send_due_notices() == 0
        broken_server[0] = False
        assert send_due_notices() == 0  # not yet
        clock.shift(DELAYS[0] + timedelta(seconds=1))
        assert send_due_notices() == 1
        assert send_due_notices() == 0
    assert ada.account_notices.get().mailed_at


def test_the_last_attempt_is_after_a_day(ada: User, broken_server: list[bool]) -> None:
    notify(person=ada, kind=Kind.PASSWORD, actor=None)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for delay in DELAYS:
            send_due_notices()
            clock.shift(delay + timedelta(seconds=1))
        send_due_notices()
        broken_server[0] = False
        clock.shift(timedelta(days=7))
        assert send_due_notices() == 0
    assert "New password" in _page_of(ada)


def _page_of(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.get("/accounts/sessions/").text


def test_old_notices_are_deleted(ada: User) -> None:
    notify(person=ada, kind=Kind.PASSWORD, actor=None)
    with time_machine.travel(timezone.now() + timedelta(days=91), tick=False):
        remove_old_sessions()
    assert kinds(ada) == []


# --- Copied sign-ins -------------------------------------------------------------------------------------------
def by_code(phone: Any) -> None:
    code = phone.code()
    phone.redeem(code)
    phone.redeem(code)


def by_refresh_token(phone: Any) -> None:
    token = phone.tokens()["refresh_token"]
    second = phone.refresh(token).json()["refresh_token"]
    phone.refresh(second)
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=False):
        phone.refresh(token)


@pytest.mark.parametrize("reuse", [by_code, by_refresh_token])
def test_a_reused_token_is_recorded_and_told(
    phone: Any, member: User, administrator: User, auditor: User, client_of: Any, reuse: Any
) -> None:
    reuse(phone)
    event = AuditEvent.objects.get(action__in=["phone.code_reused", "phone.refresh_token_reused"])
    assert (event.action, event.actor_id, event.target_id) == (
        f"phone.{reuse.__name__[3:]}_reused",
        None,
        str(member.pk),
    )
    assert kinds(member) == [Kind.TOKEN_REUSED]
    assert kinds(administrator) == [Kind.TOKEN_REUSED_BY]
    assert kinds(auditor) == []
    page = client_of(member).get("/me/devices/").text
    assert "Copied sign-ins" in page
    assert "Wiki rehearsal" in page
    assert "member@example.com" in _page_of(administrator)
    assert "was used" in client_of(administrator).get("/activity/").text
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert send_due_notices() == 2


def test_a_second_reuse_of_an_ended_sign_in_tells_no_one_again(phone: Any, member: User) -> None:
    code = phone.code()
    for _ in range(4):
        phone.redeem(code)
    assert kinds(member) == [Kind.TOKEN_REUSED]


def test_texts_that_are_no_tokens_tell_no_one(phone: Any, member: User) -> None:
    token = phone.tokens()["refresh_token"]
    forged = token[:30] + ("A" if token[30] != "A" else "B") + token[31:]
    for text in ("x", forged):
        phone.refresh(text)
        phone.redeem(text)
    assert kinds(member) == []
