"""What needs a recent sign-in: exports, credentials, and changes to people. Nothing happens without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from portal.accounts.session_limits import STEP_UP_ACTIONS, STEP_UP_VIEWS
from portal.models import User
from rollout.models import AuditEvent
from tests.support.every_route import ROWS, World, routes
from tests.support.world import person

PASSWORD = "correct horse battery staple"
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SENSITIVE = re.compile(
    r"export|download|credential|certificate|gateway|sign_in_link|token_forget|token_create|webhook_create|^person"
)
# Routes with such a name that need none, and why.
OTHERS = {
    "certificate_sign_in": "signs in",
    "mfa_download_recovery_codes": "django-allauth requires a recent sign-in itself",
    "people": "a list",
}


@pytest.fixture
def boss(world: World) -> User:
    administrator = person("administrator")
    administrator.set_password(PASSWORD)
    administrator.save()
    return administrator


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browser(clock: Any, boss: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": boss.email, "password": PASSWORD})
    return client


def requires_step_up(response: Any) -> bool:
    """Whether the response leads to the page that confirms the identity; for the API, whether it refuses."""
    if response.status_code == 403 and response["Content-Type"].startswith("application/json"):
        return response.json()["error"]["code"] == "not_allowed" and "last sign-in" in response.text
    return response.status_code == 302 and response["Location"].startswith("/accounts/reauthenticate/")


def test_every_sensitive_route_is_listed() -> None:
    named = {name for name in routes() if SENSITIVE.search(name) and not name.startswith("admin")}
    assert named - set(OTHERS) <= STEP_UP_VIEWS | STEP_UP_ACTIONS
    assert set(ROWS) >= STEP_UP_VIEWS | STEP_UP_ACTIONS


@pytest.mark.parametrize("name", sorted(STEP_UP_VIEWS | STEP_UP_ACTIONS))
def test_it_works(world: World, browser: Client, clock: Any, name: str) -> None:
    methods = ["post"] if name in STEP_UP_ACTIONS else ["get", "post"]
    clock.shift(timedelta(minutes=16))
    events = AuditEvent.objects.count()
    assert [requires_step_up(getattr(browser, method)(world.url(name))) for method in methods] == [True] * len(methods)
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("name", sorted(STEP_UP_VIEWS | STEP_UP_ACTIONS))
def test_a_recent_sign_in_is_enough(world: World, browser: Client, clock: Any, name: str) -> None:
    clock.shift(timedelta(minutes=14))
    assert not requires_step_up(browser.get(world.url(name)))
    assert not requires_step_up(browser.post(world.url(name)))


@pytest.mark.parametrize("data", [{"name": "", "role": "administrator"}, {"do": "deactivate"}, {"do": "reactivate"}])
def test_no_person_changes_without(world: World, browser: Client, clock: Any, data: dict[str, str]) -> None:
    member, url = person("member"), world.url("person")
    clock.shift(timedelta(minutes=16))
    assert browser.get(url).status_code == 200  # reading needs none
    assert requires_step_up(browser.post(url, data))
    member.refresh_from_db()
    assert (member.role, member.is_active) == ("member", True)


def test_every_change_in_django_admin(world: World, browser: Client, clock: Any) -> None:
    clock.shift(timedelta(minutes=16))
    pages = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]
    for page in [*pages, f"/admin/portal/user/{person('member').pk}/change/"]:
        assert browser.get(page).status_code == 200, page
        assert requires_step_up(browser.post(page, {"action": "revoke"})), page


def test_afterwards_it_opens(world: World, browser: Client, clock: Any) -> None:
    clock.shift(timedelta(minutes=16))
    url = world.url("person_sign_out")
    asked = browser.post(url, {"phones": "on"})
    page = browser.post(asked["Location"], {"password": PASSWORD, "next": url}, follow=True)
    assert (page.redirect_chain, page.status_code) == ([(url, 302)], 200)


def test_an_access_token_has_no_sign_in_to_renew(world: World, browser: Client, clock: Any) -> None:
    """It fails as a token; the session beside it does not matter."""
    clock.shift(timedelta(minutes=16))
    answer = browser.get(world.url("api:current"), headers={"authorization": "Bearer x"})
    assert answer.status_code == 401
