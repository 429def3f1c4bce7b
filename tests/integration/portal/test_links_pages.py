"""Application link pages: valid and invalid choices, credentials shown once, rotation, revocation, the switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from oauth_provider.models import Client as OAuthClient
from portal.models import User
from rollout.models import ApplicationLink, SignIn, Site
from rollout.services import links

pytestmark = pytest.mark.django_db
REDIRECT = "confluence-server://oauth-callback"
RIGHT = {"application_type": "external", "direction": "incoming", "redirect_url": REDIRECT, "permission": "WRITE"}
WRONG = [
    ("application_type", "atlassian", "External application"),
    ("application_type", "", "Select the application type"),
    ("application_type", "x", "valid choice"),
    ("direction", "outgoing", "Incoming"),
    ("redirect_url", "confluence-server://oauth-callback/", "exactly"),
    ("redirect_url", "https://evil.example.com", "exactly"),
    ("redirect_url", "javascript:alert(1)", "exactly"),
    ("redirect_url", "x" * 10_000, "at most"),
    ("redirect_url", "\x00", "Null"),
    ("permission", "READ", "invalid_scope"),
    ("permission", "ADMIN", "lost phone"),
    ("permission", "SYSTEM_ADMIN", "lost phone"),
    ("client_id", "", "Paste the client ID"),
    ("client_id", "two words", "no spaces"),
    ("client_id", "x" * 256, "at most"),
    ("client_id", "a\x00b", "Null"),
    ("client_id", "ключ", "visible characters"),
]


@pytest.fixture
def provided(make_site: Any, alice: User, settings: Any) -> Site:
    base_url = f"{settings.PUBLIC_URL}/at/pilot"
    return make_site(owners=[alice], title="Pilot", provider="gatepass", slug="pilot", base_url=base_url)


def test_it_works_where_confluence_is_the_provider(
    client_of: Callable[[User], Client], alice: User, site: Site
) -> None:
    client, address = client_of(alice), f"/sites/{site.pk}/link/"
    page = client.get(address).content.decode()
    assert "Application links" in page
    assert "SYSTEM_ADMIN" in page
    assert client.post(address, {**RIGHT, "client_id": " abc123 "})["Location"] == address
    assert ApplicationLink.objects.get().client_id == "abc123"
    shown = client.get(address).content.decode()
    assert "abc123" in shown
    assert "None (public client" in shown
    assert client.get(address)["Location"] == f"/sites/{site.pk}/"  # shown once


def test_a_hosted_site_gets_a_public_client(client_of: Callable[[User], Client], alice: User, provided: Site) -> None:
    client, address = client_of(alice), f"/sites/{provided.pk}/link/"
    assert "Paste" not in client.get(address).content.decode()
    client.post(address, RIGHT)
    link = ApplicationLink.objects.get()
    assert OAuthClient.objects.get(client_id=link.client_id).client_type == "public"
    assert link.client_id in client.get(address).content.decode()


@pytest.mark.parametrize(("field", "value", "reason"), WRONG)
def test_a_wrong_choice_is_refused_with_the_reason(
    client_of: Callable[[User], Client], alice: User, site: Site, field: str, value: str, reason: str
) -> None:
    page = client_of(alice).post(f"/sites/{site.pk}/link/", {**RIGHT, "client_id": "abc", field: value})
    assert page.status_code == 422
    assert reason in " ".join(page.context["form"].errors[field])
    assert not ApplicationLink.objects.exists()


def test_a_second_link_is_refused(client_of: Callable[[User], Client], alice: User, provided: Site) -> None:
    client, address = client_of(alice), f"/sites/{provided.pk}/link/"
    client.post(address, RIGHT)
    assert client.post(address, RIGHT).status_code == 422
    assert ApplicationLink.objects.count() == OAuthClient.objects.count() == 1


def test_an_archived_site_gets_no_link(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    Site.objects.update(archived_at=timezone.now())
    page = client_of(alice).post(f"/sites/{site.pk}/link/", {**RIGHT, "client_id": "abc"})
    assert "archived" in page.content.decode()
    assert not ApplicationLink.objects.exists()


def test_rotating_shows_how_many_people_are_signed_out(
    client_of: Callable[[User], Client], alice: User, bob: User, provided: Site
) -> None:
    link = links.create_link(actor=alice, site=provided, redirect_url=REDIRECT)
    SignIn.objects.create(site=provided, person=bob, client_id=link.client_id, signed_in_at=timezone.now())
    client, address = client_of(alice), f"/links/{link.pk}/rotate/"
    assert "1 person is signed out immediately" in client.get(address).content.decode()
    assert ApplicationLink.objects.get().client_id == link.client_id  # opening the page changes nothing
    page = client.post(address, follow=True).content.decode()
    new = ApplicationLink.objects.get().client_id
    assert new != link.client_id
    assert new in page


@pytest.mark.parametrize("client_id", ["", "abc", "two words", "x" * 256, "\x00"])
def test_a_bad_new_client_id_changes_nothing(
    client_of: Callable[[User], Client], alice: User, site: Site, client_id: str
) -> None:
    link = links.create_link(actor=alice, site=site, redirect_url=REDIRECT, client_id="abc")
    page = client_of(alice).post(f"/links/{link.pk}/rotate/", {"client_id": client_id})
    assert page.status_code == 422
    assert ApplicationLink.objects.get().client_id == "abc"


def test_revoking(client_of: Callable[[User], Client], alice: User, provided: Site) -> None:
    link = links.create_link(actor=alice, site=provided, redirect_url=REDIRECT)
    client, address = client_of(alice), f"/links/{link.pk}/revoke/"
    assert "All tokens of this link are revoked" in client.get(address).content.decode()
    assert "The link was revoked" in client.post(address, follow=True).content.decode()
    assert not ApplicationLink.objects.active().exists()
    assert not OAuthClient.objects.exists()
    assert client.post(address).status_code == 404


def test_the_switch_creates_and_removes_its_link(
    client_of: Callable[[User], Client], alice: User, provided: Site
) -> None:
    client, address = client_of(alice), f"/sites/{provided.pk}/oauth-switch/"
    client.post(address, {"on": "1"})
    assert ApplicationLink.objects.active().get().origin == "switch"
    for nonsense in ({}, {"on": ""}, {"on": "yes"}, {"on": "\x00"}):
        client.post(address, nonsense)
    assert ApplicationLink.objects.active().count() == 1
    client.post(address, {"on": "0"})
    assert not ApplicationLink.objects.active().exists()


def test_the_switch_of_a_site_that_is_not_hosted_is_in_confluence(
    client_of: Callable[[User], Client], alice: User, site: Site
) -> None:
    page = client_of(alice).post(f"/sites/{site.pk}/oauth-switch/", {"on": "1"}, follow=True)
    assert "Change this setting on the site" in page.content.decode()
    assert not ApplicationLink.objects.exists()


def test_who_may_not_touch_a_link(
    client_of: Callable[[User], Client],
    client: Client,
    charlie: User,
    auditor: User,
    member: User,
    alice: User,
    site: Site,
) -> None:
    link = links.create_link(actor=alice, site=site, redirect_url=REDIRECT, client_id="abc")
    for path in (f"/links/{link.pk}/rotate/", f"/links/{link.pk}/revoke/"):
        assert client_of(charlie).post(path, {"client_id": "new"}).status_code == 404
        assert client_of(member).post(path, {"client_id": "new"}).status_code == 404
        assert client_of(auditor).post(path, {"client_id": "new"}).status_code == 403
        assert client.post(path).status_code == 302
    link.refresh_from_db()
    assert (link.client_id, link.revoked_at) == ("abc", None)


def test_all_wrong_choices_are_named_at_once(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    wrong = {"application_type": "atlassian", "direction": "outgoing", "redirect_url": "x", "permission": "READ"}
    page = client_of(alice).post(f"/sites/{site.pk}/link/", wrong)
    errors = page.context["form"].errors
    assert set(errors) == {*wrong, "client_id"}
    assert all(len(messages) == 1 for messages in errors.values())
    assert not ApplicationLink.objects.exists()
