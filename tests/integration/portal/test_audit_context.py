"""Audit events tell from which address, which rights changed from what to what, and which limits were reached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client, RequestFactory

from oauth_provider.limits import attempts
from oauth_provider.limits.limiter import Limit, Limiter
from portal.models import Role, User
from portal.presenters.audit import details_of, sentence_of
from portal.serving.handler import Handler
from rollout.models import AuditEvent, Site
from rollout.services import sites
from tests.support.provider_fixtures import REDIRECT_URI, VERIFIER

PASSWORD = "correct horse battery staple"


def newest(action: str) -> AuditEvent:
    return AuditEvent.objects.with_names().filter(action=action)[0]


# --- The client's address --------------------------------------------------------------------------------------


@pytest.fixture
def person(make_user: Any) -> User:
    return make_user("member", "person@example.com", PASSWORD)


def sign_in(**headers: str) -> None:
    form = {"login": "person@example.com", "password": PASSWORD}
    assert Client().post("/accounts/login/", form, **headers).status_code == 302


def test_the_address_of_the_connection(person: User) -> None:
    sign_in(REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert newest("person.signed_in").address == "203.0.113.9"


def test_the_address_behind_a_trusted_proxy(person: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["10.1.2.3"]
    sign_in(REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.9")
    assert newest("person.signed_in").address == "203.0.113.9"


def test_the_address_of_a_phone_on_the_fast_path(phone: Any) -> None:
    parameters = {
        "grant_type": "authorization_code", "client_id": phone.client_id, "code": phone.code(),
        "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER,
    }  # fmt: skip
    request = RequestFactory().post(
        phone.url("token"), urlencode(parameters), content_type="application/x-www-form-urlencoded",
        REMOTE_ADDR="203.0.113.9", HTTP_HOST="testserver",
    )  # fmt: skip
    with patch.object(connections["default"], "close_if_unusable_or_obsolete"):
        answer = Handler().fast_answer(request.META)
    assert answer is not None
    assert answer[0] == 200
    assert newest("phone.signed_in").address == "203.0.113.9"


def test_a_command_has_no_address(person: User, administrator: User) -> None:
    sign_in(REMOTE_ADDR="203.0.113.9")
    call_command("deactivate_person", person.email)
    assert newest("person.deactivated").address == ""


# --- Roles and rights ------------------------------------------------------------------------------------------


def test_a_changed_role(client_of: Any, administrator: User, member: User) -> None:
    client_of(administrator).post(f"/people/{member.pk}/", {"name": "", "role": "auditor"})
    event = newest("person.changed")
    assert event.details == {"fields": ["role"], "role": {"old": "member", "new": "auditor"}}
    assert ("role", "member → auditor") in details_of(event)
    assert not AuditEvent.objects.filter(action="person.rights_changed").exists()


def test_rights_that_code_changes(member: User) -> None:
    member.role, member.is_staff = Role.ADMINISTRATOR, True
    member.save()
    event = newest("person.rights_changed")
    assert event.details == {
        "role": {"old": "member", "new": "administrator"}, "is_staff": {"old": False, "new": True},
    }  # fmt: skip
    assert ("is staff", "no → yes") in details_of(event)
    assert event.target_name == str(member)


def test_a_save_that_changes_no_right(member: User) -> None:
    member.first_name = "Ada"
    member.save()
    assert not AuditEvent.objects.exists()


def test_changed_owners(administrator: User, alice: User, bob: User, charlie: User, site: Site) -> None:
    sites.update_site(actor=administrator, site=site, owners=[charlie, alice])
    event = newest("site.changed")
    assert event.details["owners"] == {
        "old": sorted([alice.pk, bob.pk]), "new": sorted([alice.pk, charlie.pk]),
    }  # fmt: skip
    assert ("owners", f"{alice.pk}, {bob.pk} → {alice.pk}, {charlie.pk}") in details_of(event)


def test_owners_of_a_new_site(administrator: User, alice: User) -> None:
    sites.create_site(actor=administrator, title="New", base_url="https://new.example.com", owners=[alice])
    assert newest("site.created").details == {"base_url": "https://new.example.com", "owners": [alice.pk]}


# --- Limits ----------------------------------------------------------------------------------------------------


@pytest.fixture
def limits(settings: Any, db: None) -> Iterator[time_machine.Coordinates]:
    """Counters in the database, which is rolled back, and a clock that stands still."""
    settings.REDIS_URL = ""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "sign_in_principal": "2/600", "token_failures": "2/600"}
    attempts.limiter.forget()
    with time_machine.travel(datetime(2026, 11, 23, 8, 0, tzinfo=UTC), tick=False) as clock:
        yield clock
    attempts.limiter.forget()


def reached() -> list[AuditEvent]:
    return list(AuditEvent.objects.with_names().filter(action="limit.reached").order_by("number"))


def guess(email: str, address: str = "203.0.113.9") -> int:
    form = {"login": email, "password": "guess-guess-guess"}
    return Client().post("/accounts/login/", form, REMOTE_ADDR=address).status_code


def test_a_reached_limit_is_one_event_per_window(limits: time_machine.Coordinates) -> None:
    assert [guess("one@example.com") for _ in range(2)] == [200, 200]
    assert not reached()
    assert [guess("one@example.com") for _ in range(10)] == [429] * 10
    assert [guess("two@example.com", "203.0.113.10") for _ in range(10)] == [200, 200] + [429] * 8

    event = reached()[0]
    assert len(reached()) == 1
    assert (event.target_label, event.details) == ("sign_in_principal", {"maximum": 2, "seconds": 600})
    assert event.address == "203.0.113.9"
    assert sentence_of(event) == "The rate limit sign_in_principal (2 in 600 seconds) refused requests."
    assert "one@example.com" not in str(event.__dict__)

    limits.shift(600)
    assert [guess("one@example.com") for _ in range(4)] == [200, 200, 429, 429]
    assert len(reached()) == 2


def test_a_limit_of_the_provider(limits: Any, phone: Any) -> None:
    phone.wire = Client()  # the other one rolls back what the fast path writes
    assert [phone.refresh("x" * 86).status_code for _ in range(5)] == [400, 400, 429, 429, 429]
    assert [event.target_label for event in reached()] == ["token_failures"]


def test_a_limit_of_django_allauth(limits: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password": "1/m/ip"}
    answers = [Client().post("/accounts/password/reset/", {"email": "a@example.com"}).status_code for _ in range(4)]
    assert answers[1:] == [429] * 3
    assert [(event.target_label, event.details) for event in reached()] == [
        ("reset_password", {"maximum": 1, "seconds": 60})
    ]


def test_several_processes_record_a_limit_once(limits: Any) -> None:
    limit = Limit("some", 1, 600)
    for process in (Limiter(), Limiter(), Limiter()):
        for _number in range(5):
            process.take(limit, "key")
    assert len(reached()) == 1
