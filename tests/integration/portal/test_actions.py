"""Actions: a GET leads to the page of the action, so that signing in again never ends in an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import resolve

from portal.models import User
from rollout.models import AuditEvent
from tests.support.every_route import ROWS, World
from tests.support.world import person

PASSWORD = "correct horse battery staple"
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
# name of the route: the page that it belongs to, with the places of its arguments
PAGES = {
    "check_now": "/sites/{site}/", "sites_check": "/sites/", "oauth_switch": "/sites/{site}/application-link/",
    "link_test": "/sites/{site}/link/", "site_preview": "/sites/new/",
    "client_certificate_remove": "/sites/{site}/client-certificate/",
    "site_archive": "/sites/{site}/", "site_restore": "/sites/{site}/", "site_follow": "/sites/{site}/",
    "site_plugins": "/sites/{site}/checks/", "site_plugins_paste": "/sites/{site}/checks/",
    "site_plugins_read": "/sites/{site}/checks/", "site_plugins_read_again": "/sites/{site}/checks/",
    "site_token_forget": "/sites/{site}/checks/", "site_use_base_url": "/sites/{site}/", "rehearse": "/sites/{site}/",
    "sweep_start": "/sweeps/", "sweep_pause": "/sweeps/{sweep}/", "sweep_resume": "/sweeps/{sweep}/",
    "configuration_download": "/configurations/", "configuration_publish": "/configurations/build/",
    "configuration_deployed": "/configurations/{release}/",
    "pass_revoke": "/passes/{pass}/", "pass_renew": "/passes/{pass}/", "pass_qr": "/passes/{pass}/",
    "service_token_revoke": "/service-tokens/", "my_token_revoke": "/me/tokens/",
    "person_sign_in_link": "/people/{person}/", "phones_revoke": "/phones/", "phone_revoke": "/phones/",
    "devices_sign_out": "/me/devices/", "device_name": "/me/devices/", "device_sign_out": "/me/devices/",
    "usersession_sign_out": "/accounts/sessions/",
    "landing_done": "/e/{token}", "theme": "/", "certificate_sign_in": "/accounts/login/",
}  # fmt: skip
PUBLIC = {"landing_done", "theme", "certificate_sign_in"}


def is_ours(name: str, world: World) -> bool:
    return resolve(world.url(name)).func.__module__.startswith("portal.views.") and name not in PUBLIC


@pytest.fixture
def boss(world: World) -> User:
    """The administrator, with a password: their session of ``world`` ends by that."""
    administrator = person("administrator")
    administrator.set_password(PASSWORD)
    administrator.save()
    return administrator


def test_it_works(world: World) -> None:
    """GET and HEAD lead to the page and change nothing."""
    events = AuditEvent.objects.count()
    for name, page in PAGES.items():
        for method in ("get", "head"):
            answer = getattr(world.clients["administrator"], method)(world.url(name))
            found = (answer.status_code, answer.headers.get("Location"), answer.content)
            assert found == (302, page.format(**world.arguments), b""), name
    assert AuditEvent.objects.count() == events


def test_every_action_is_among_them(world: World) -> None:
    """Routes that take nothing but POST: their GET of an administrator leads away, and so does everybody's."""
    leading_away = {name for name in ROWS if is_ours(name, world) and ROWS[name][1].split()[-1] == "302"}
    assert leading_away == set(PAGES) - PUBLIC


def test_the_filters_of_a_list_come_back(world: World) -> None:
    """And nothing else does: a code's token in a query would come to stand in another URL."""
    client = world.clients["administrator"]
    assert client.get(world.url("phones_revoke") + "?q=anna&site=1").headers["Location"] == "/phones/?q=anna&site=1"
    assert "?" not in client.get(world.url("pass_qr") + "?token=secret").headers["Location"]


def test_signing_in_again_ends_on_a_page(world: World, boss: User) -> None:
    """Whatever was pressed when the session had ended: the sign-in, and after it a page."""
    names = [name for name, (_arguments, _get, post) in ROWS.items() if post.split()[-1] not in {"404", "405"}]
    missing = {"client_certificate_remove"}  # a site that Gatepass hosts has no such page
    assert set(PAGES) - PUBLIC - {"phone_revoke"} - missing <= set(names)
    for name in {*names, *PAGES} - missing:
        if not is_ours(name, world) or name == "welcome":
            continue
        client = Client()
        asked = client.post(world.url(name))
        assert asked.status_code == 302, name
        assert urlsplit(asked["Location"]).path == "/accounts/login/", name
        (back,) = parse_qs(urlsplit(asked["Location"]).query)["next"]
        client.get(asked["Location"])
        form = {"login": boss.email, "password": PASSWORD, "next": back}
        assert client.post(asked["Location"], form, follow=True).status_code == 200, name


def test_a_session_that_ended_by_itself(world: World, boss: User) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = Client()
        client.post("/accounts/login/", {"login": boss.email, "password": PASSWORD})
        clock.shift(timedelta(hours=2))
        url = world.url("site_archive")
        asked = client.post(url)
        assert asked["Location"] == f"/accounts/login/?next={url}"
        page = client.post(asked["Location"], {"login": boss.email, "password": PASSWORD, "next": url}, follow=True)
        assert page.redirect_chain[-1] == (f"/sites/{world.arguments['site']}/", 302)
        assert page.status_code == 200
    assert not AuditEvent.objects.filter(action="site.archived").exists()


@pytest.mark.parametrize("name", ["site_gateway", "webhook_create"])
def test_asked_who_it_is_a_form_comes_back(world: World, boss: User, name: str) -> None:
    """The step-up in front of what shows a credential."""
    with time_machine.travel(START, tick=False) as clock:
        client = Client()
        client.post("/accounts/login/", {"login": boss.email, "password": PASSWORD})
        clock.shift(timedelta(minutes=16))
        url = world.url(name)
        asked = client.post(url, {"name": "Chat"})
        assert asked["Location"] == f"/accounts/reauthenticate/?next={quote(url, safe='')}"
        page = client.post(asked["Location"], {"password": PASSWORD, "next": url}, follow=True)
        assert (page.redirect_chain, page.status_code) == ([(url, 302)], 200)


def test_asked_for_a_factor_an_action_comes_back(settings: Any, world: World, boss: User) -> None:
    """The policy of sign-ins in front of every page."""
    client = Client()
    client.post("/accounts/login/", {"login": boss.email, "password": PASSWORD})
    TOTP.activate(boss, generate_totp_secret())
    settings.SECOND_FACTOR_ROLES = ["administrator"]
    url = world.url("site_archive")
    asked = client.post(url)
    assert asked["Location"] == f"/accounts/2fa/reauthenticate/?next={quote(url, safe='')}"


# --- Other methods ---------------------------------------------------------------------------------------------
def test_a_method_that_a_page_does_not_take_gets_a_page(world: World) -> None:
    client = world.clients["administrator"]
    for name, method, allowed in (
        ("people", "post", "GET, HEAD"),
        ("person_create", "put", "GET, HEAD, POST"),
        ("site_archive", "delete", "GET, HEAD, POST"),
        ("site", "options", "GET, HEAD"),
    ):
        answer = getattr(client, method)(world.url(name))
        assert (answer.status_code, answer["Allow"]) == (405, allowed), name
        assert "Request not supported" in answer.text
        assert f'href="{world.url(name)}"' in answer.text
        assert 'href="/"' in answer.text
    assert "Request not supported" in Client().post(world.url("landing")).text


def test_software_gets_no_page(world: World) -> None:
    for name in ("healthz", "provided_token", "provided_info_login", "metrics"):
        client = Client(headers={"accept": "text/html"})
        answer = client.get(world.url(name)) if name == "provided_token" else client.post(world.url(name))
        assert answer.status_code == 405, name
        assert answer["Allow"], name
        assert "<html" not in answer.text, name


def test_who_may_not_see_it_is_not_told_by_the_method(world: World) -> None:
    """404 before 403 before 405, whatever is sent."""
    for name in ROWS:
        if not is_ours(name, world):
            continue
        for role in ("member", "charlie", "auditor"):
            client, url = world.clients[role], world.url(name)
            statuses = {method: getattr(client, method)(url).status_code for method in ("get", "post", "put")}
            refused = {404, 403} & {statuses["get"]}
            if refused and ROWS[name][0] == {}:  # the role decides, not the row
                assert statuses["put"] in refused, (name, role, statuses)
                assert statuses["post"] in refused, (name, role, statuses)
