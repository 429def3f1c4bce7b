"""What others signal reaches the audit trail, once and without secrets."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory

from portal.models import User
from rollout.models import AuditEvent


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("number").values_list("action", flat=True))


def test_signing_in_and_out(make_user: Any) -> None:
    user = make_user("member", "person@example.com", "correct horse battery staple")
    browser = Client()
    form = {"login": user.email, "password": "correct horse battery staple"}
    assert browser.post("/accounts/login/", form).status_code == 302
    browser.post("/accounts/logout/")
    assert actions() == ["person.signed_in", "person.signed_out"]
    assert {event.actor_id for event in AuditEvent.objects.all()} == {user.pk}


def test_a_wrong_password(make_user: Any) -> None:
    make_user("member", "person@example.com", "correct horse battery staple")
    Client().post("/accounts/login/", {"login": "person@example.com", "password": "guess-guess-guess"})
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id, event.target_label) == ("person.sign_in_failed", None, "person@example.com")
    assert "guess" not in str(event.__dict__)


@pytest.mark.parametrize("typed", ["my password", "nobody@example.com", "a\x00b@example.com", "é", ""])
def test_what_was_typed_for_a_name_is_not_kept(db: None, rf: RequestFactory, typed: str) -> None:
    assert authenticate(rf.post("/"), email=typed.replace("\x00", ""), password="secret") is None
    for event in AuditEvent.objects.all():
        assert (event.action, event.target_label) == ("person.sign_in_failed", "")


def test_a_browser_without_a_person_signs_out_silently(db: None) -> None:
    Client().logout()
    assert actions() == []


def test_a_deactivated_person_is_not_signed_in(make_user: Any) -> None:
    user: User = make_user("member", "person@example.com", "correct horse battery staple", is_active=False)
    Client().post("/accounts/login/", {"login": user.email, "password": "correct horse battery staple"})
    assert "person.signed_in" not in actions()
