"""Fixtures for the tests of all routes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.db.transaction import atomic, set_rollback
from django.test import Client
from django.utils import timezone

from portal.accounts.api_tokens import create_personal_token, create_service_token
from portal.accounts.sign_in_links import make_link
from portal.models import Role, SignInLink, User
from rollout.models import CheckRun, Rehearsal, RunState, Site, Sweep, Webhook
from rollout.services import configurations, links, passes, phone_results, rehearsals, sites, waves

from .every_route import ROLES, World
from .inventory_imports import import_inventory


@pytest.fixture
def wsgi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the transaction of the test open during requests through the WSGI handler.

    Django checks the connection before and after each request; its test client disables that as well.
    """
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def rows_of_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """One object of each kind, created once per module; each test runs in a savepoint of this transaction."""
    with django_db_blocker.unblock():
        transaction = atomic()
        transaction.__enter__()
        rows = fill_world()
    yield rows
    with django_db_blocker.unblock():
        set_rollback(True)
        transaction.__exit__(None, None, None)


@pytest.fixture
def world(rows_of_world: dict[str, Any], db: None) -> World:
    """Objects of the module with a new session for each person."""
    return sign_in(rows_of_world)


def sign_in(rows: dict[str, Any]) -> World:
    """Return the world with a signed-in test client for each role."""
    clients = {"anonymous": Client()}
    for role in ROLES[1:]:
        clients[role] = Client()
        clients[role].force_login(person(role))
    return World(rows, clients)


def person(role: str) -> User:
    return User.objects.get(email=f"{role}@example.com")


def fill_world() -> dict[str, Any]:
    """Create the objects and return the URL arguments by name."""
    administrator = User.objects.create_superuser("administrator@example.com")
    alice, _charlie = (
        User.objects.create_user(f"{name}@example.com", role=Role.SITE_OWNER) for name in ("alice", "charlie")
    )
    User.objects.create_user("auditor@example.com", role=Role.AUDITOR)
    member = User.objects.create_user("member@example.com", role=Role.MEMBER)
    site = sites.create_site(actor=alice, title="Pilot", provider="gatepass", slug="pilot", owners=[alice])
    CheckRun.objects.update(state=RunState.DONE)
    link = links.create_link(actor=alice, site=site, redirect_url="confluence-server://oauth-callback")
    CheckRun.objects.update(state=RunState.DONE)
    phone_result = phone_results.record_result(
        actor=alice, site=site, setup="mdm", outcome="worked", ios_version="18.5", app_version="2.0.1",
        tried_on=timezone.localdate(), tried_by="Alice",
    )  # fmt: skip
    CheckRun.objects.filter(trigger="phone_result").delete()
    wave = waves.create_wave(actor=administrator, title="First", sites=[site])
    until = timezone.now() + timedelta(days=1)
    row, token = passes.issue_pass(
        actor=alice, label="Member", sites=[site], expires_at=until, person=member, wave=wave, max_uses=None
    )
    release = configurations.publish_release(actor=administrator, sites=Site.objects.all())
    rehearsal = rehearsals.request_rehearsal(actor=alice, site=site)
    Rehearsal.objects.update(state=RunState.DONE)
    sweep = Sweep.objects.create(trigger=Sweep.Trigger.BUTTON, started_at=timezone.now(), total=3)
    report = import_inventory(administrator, b"serial,version\n1,1.9\n2,2.0\n")
    welcome = make_link(user=member, purpose=SignInLink.Purpose.WELCOME, actor=administrator)
    now = timezone.now()
    webhook = Webhook.objects.create(name="Chat", url="https://chat.example.com/", secret="sealed", created_at=now)
    delivery = webhook.deliveries.create(key=uuid.uuid4(), event="gatepass.test", body={}, created_at=now)
    service_token, _text = create_service_token(actor=administrator, name="Sync", scopes=["read"], days=30)
    personal_token, _text = create_personal_token(person=administrator, name="Script", scopes=["read"], days=30)
    return {
        "site": site.pk, "phone_result": phone_result.pk, "link": link.pk, "run": site.check_runs.get().pk,
        "release": release.number,
        "wave": wave.pk, "pass": row.pk, "person": member.pk, "token": token, "rehearsal": rehearsal.pk,
        "slug": "pilot", "welcome": welcome.rstrip("/").rpartition("/")[2], "kind": "svg", "product": "confluence",
        "sweep": sweep.pk, "report": report.pk, "missing": 9999,
        "webhook": webhook.pk, "delivery": delivery.pk,
        "service_token": service_token.pk, "personal_token": personal_token.pk,
    }  # fmt: skip
