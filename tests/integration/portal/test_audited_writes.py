"""A change and its audit event are one transaction: when the event cannot be written, nothing is left behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from oauth_provider.models import ResourceServer
from portal.provided_sites.gateway_credentials import create_credential
from rollout.models import AuditEvent, AuditHead, MatrixEdition, Site
from rollout.services import matrix
from tests.support.every_route import ROWS, World
from tests.support.phone_sign_ins import sign_in_phones
from tests.support.world import fill_world, person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
# They follow the browser, and Django admin's own journal notes a deletion before it begins.
NOT_AUDITED = {"sessions.Session", "usersessions.UserSession", "admin.LogEntry"}
RECORDED = {  # routes whose empty POST by an administrator changes something that is recorded
    "site_archive", "link_rotate", "link_revoke", "link_test", "site_gateway", "check_now", "sweep_pause",
    "pass_revoke",
    "lost_phone", "landing_done", "rehearse", "activity", "welcome",
}  # fmt: skip


@pytest.fixture
def world(transactional_db: None) -> World:
    """Rows of its own, committed: a failing event may take nothing else with it."""
    return sign_in(fill_world())


@pytest.fixture
def silent_audit(world: World) -> None:
    """No further event can be written: its number is taken."""
    head = AuditHead.objects.get(pk=1)
    AuditEvent.objects.create(number=head.number + 1, at=timezone.now(), actor_label="Test", action="test.taken")
    for client in world.clients.values():
        client.raise_request_exception = False


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that a decision writes."""
    models = [model for model in apps.get_models() if model._meta.label not in NOT_AUDITED and model._meta.managed]
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}


def test_it_works(world: World, silent_audit: None) -> None:
    """Every page of ours takes its form back when the event fails."""
    failed = set()
    for name, (_arguments, _get, post) in ROWS.items():
        url = world.url(name)
        if post.endswith(("404", "405")) or not resolve(url).func.__module__.startswith("portal.views."):
            continue
        before = everything()
        if world.clients["administrator"].post(url).status_code == 500:
            failed.add(name)
            assert everything() == before, name
    assert failed >= RECORDED, RECORDED - failed


def test_an_export_that_cannot_be_recorded_is_not_sent(world: World, silent_audit: None) -> None:
    for name in ROWS:
        if name.endswith("_export"):
            answer = world.clients["administrator"].get(world.url(name))
            assert (answer.status_code, answer.streaming) == (500, False), name


def form_id(client: Client, page: str) -> str:
    found = re.search(r'name="form_id"\s+value="([^"]+)"', client.get(page).text)
    assert found
    return found[1]


@pytest.fixture
def posts(
    world: World, first_edition: MatrixEdition
) -> dict[str, tuple[str, Callable[[], tuple[str, dict[str, Any]]]]]:
    """Name of a change: who sends it, and a function that returns where to and with which fields."""
    administrator = person("administrator")
    boss, site = world.clients["administrator"], Site.objects.get(pk=world.arguments["site"])
    sign_in_phones(site, [person("member"), person("alice")])
    for _number in range(3):
        create_credential(actor=administrator, site=site)
    one, two, three = ResourceServer.objects.order_by("pk")
    draft = matrix.copy_edition(actor=administrator, edition=first_edition)
    access, refresh = get_access_token_model().objects.first(), get_refresh_token_model().objects.last()
    page = world.url("person")
    deletion = {"action": "delete_selected", "_selected_action": [three.pk], "post": "yes"}
    lines = list(draft.lines.all())
    form = {"as_of": "2026-01-01", "source": "https://example.com/", "note": "Changed"}
    form |= {f"lines-{name}_FORMS": len(lines) for name in ("TOTAL", "INITIAL")}
    for number, line in enumerate(lines):
        texts = matrix.texts_of(line) | {"id": line.pk, "edition": draft.pk, "position": line.position}
        form |= {f"lines-{number}-{name}": text for name, text in texts.items()}
    new_person = {"email": "new@example.com", "name": "New", "role": "member"}

    def new() -> tuple[str, dict[str, Any]]:
        return "/people/new/", new_person | {"form_id": form_id(boss, "/people/new/")}

    def link() -> tuple[str, dict[str, Any]]:
        return f"{page}sign-in-link/", {"form_id": form_id(boss, page)}

    def revoke(model: str, row: Any) -> Callable[[], tuple[str, dict[str, Any]]]:
        return lambda: (f"/admin/oauth2_provider/{model}/", {"action": "revoke", "_selected_action": [row.pk]})

    return {
        "a removed gateway credential": ("alice", lambda: (world.url("site_gateway"), {"remove": one.client_id})),
        "the same in Django admin": (
            "administrator", lambda: (f"/admin/oauth_provider/resourceserver/{two.pk}/delete/", {"post": "yes"}),
        ),
        "some of them in Django admin": (
            "administrator", lambda: ("/admin/oauth_provider/resourceserver/", deletion),
        ),
        "a new person with a link": ("administrator", new),
        "a link that is used": ("anonymous", lambda: (world.url("welcome"), {})),
        "a sign-in link": ("administrator", link),
        "a revoked access token": ("administrator", revoke("accesstoken", access)),
        "a revoked refresh token": ("administrator", revoke("refreshtoken", refresh)),
        "a changed draft of the matrix": (
            "administrator", lambda: (f"/admin/rollout/matrixedition/{draft.pk}/change/", form),
        ),
        "a deleted draft of the matrix": (
            "administrator", lambda: (f"/admin/rollout/matrixedition/{draft.pk}/delete/", {"post": "yes"}),
        ),
    }  # fmt: skip


def test_what_a_form_or_django_admin_changes(world: World, posts: Any, silent_audit: None) -> None:
    for name, (role, build) in posts.items():
        url, data = build()
        before = everything()
        assert world.clients[role].post(url, data).status_code == 500, name
        assert everything() == before, name


def test_they_are_recorded_when_nothing_is_wrong(world: World, posts: Any) -> None:
    """The same forms, so that none of them fails above for another reason."""
    for name, (role, build) in posts.items():
        url, data = build()
        events = AuditEvent.objects.count()
        answer = world.clients[role].post(url, data)
        assert answer.status_code in {200, 302}, name
        assert AuditEvent.objects.count() > events, name
