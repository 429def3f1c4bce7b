"""Application link pages: valid and invalid choices, credentials shown once, rotation, revocation, the switch."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
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
WRONG = [
    ("", "Paste the client ID"),
    ("two words", "no spaces"),
    ("x" * 256, "at most"),
    ("x" * 10_000, "at most"),
    ("a\x00b", "Null"),
    ("ключ", "visible ASCII"),
    (REDIRECT, "redirect URL"),
    ("https://wiki.example.com/", "This is a URL"),
    ("client_secret=abc", "client secret"),
]


def html(response: Any) -> str:
    """The page as text, with the entities of quotation marks replaced."""
    return unescape(response.content.decode())


def ticked(page: str) -> list[str]:
    return re.findall(r'<input type="checkbox"\s+name="(\w+)"[^>]*\schecked>', page)


@pytest.fixture
def provided(make_site: Any, alice: User, settings: Any) -> Site:
    base_url = f"{settings.PUBLIC_URL}/at/pilot"
    return make_site(owners=[alice], title="Pilot", provider="gatepass", slug="pilot", base_url=base_url)


def test_it_works_where_confluence_is_the_provider(
    client_of: Callable[[User], Client], alice: User, site: Site
) -> None:
    client, address = client_of(alice), f"/sites/{site.pk}/link/"
    page = html(client.get(address))
    assert f'href="{site.base_url}/plugins/servlet/applinks/listApplicationLinks"' in page
    assert 'target="_blank" rel="noopener noreferrer"' in " ".join(page.split())
    for value in ("Confluence iOS app", REDIRECT, "WRITE"):
        assert f'readonly spellcheck="false">{value}</textarea>' in page
    assert "mailto:?subject=" in page
    assert client.post(address, {"client_id": " abc123 "})["Location"] == address
    link = ApplicationLink.objects.get()
    assert (link.client_id, link.redirect_url, link.permission) == ("abc123", REDIRECT, "WRITE")
    shown = html(client.get(address))
    assert "abc123" in shown
    assert "Test the client ID" in shown
    assert "no other site has this client ID" in shown
    assert "Four steps" not in shown


def test_a_jira_site_has_its_own_values(client_of: Callable[[User], Client], alice: User, make_site: Any) -> None:
    site = make_site(owners=[alice], product="jira", base_url="https://jira.example.com/tracker")
    page = html(client_of(alice).get(f"/sites/{site.pk}/link/"))
    assert "https://jira.example.com/tracker/plugins/servlet/applinks/listApplicationLinks" in page
    assert "jira-server://oauth-callback" in page
    assert "system administrator of Jira" in page
    assert "Confluence iOS app" not in page


def test_a_hosted_site_gets_a_public_client(client_of: Callable[[User], Client], alice: User, provided: Site) -> None:
    client, address = client_of(alice), f"/sites/{provided.pk}/link/"
    page = html(client.get(address))
    assert "Paste" not in page
    assert "listApplicationLinks" not in page
    client.post(address)
    link = ApplicationLink.objects.get()
    assert OAuthClient.objects.get(client_id=link.client_id).client_type == "public"
    shown = html(client.get(address))
    assert link.client_id in shown
    assert "Gatepass created this client ID" in shown


@pytest.mark.parametrize(("client_id", "reason"), WRONG)
def test_a_wrong_client_id_is_refused_with_the_reason(
    client_of: Callable[[User], Client], alice: User, site: Site, client_id: str, reason: str
) -> None:
    page = client_of(alice).post(f"/sites/{site.pk}/link/", {"client_id": client_id})
    assert page.status_code == 422
    assert reason in " ".join(page.context["form"].errors["client_id"])
    assert not ApplicationLink.objects.exists()


def test_all_reasons_are_named_at_once_and_the_input_is_kept(
    client_of: Callable[[User], Client], alice: User, site: Site
) -> None:
    wrong = "Client secret: “" + "x" * 250
    page = client_of(alice).post(f"/sites/{site.pk}/link/", {"client_id": wrong, "opened": "on", "entered": "on"})
    shown = html(page)
    for reason in ("no spaces", "Remove “", "at most 255", "contains the client secret"):
        assert reason in shown
    assert wrong in shown
    assert ticked(shown) == ["opened", "entered"]


@pytest.mark.parametrize("client_id", ["abc", "a1" * 32])
def test_a_doubtful_client_id_is_saved_only_after_a_confirmation(
    client_of: Callable[[User], Client], alice: User, site: Site, make_site: Any, client_id: str
) -> None:
    other = make_site(owners=[alice], title="Other wiki", base_url="https://other.example.com")
    links.create_link(actor=alice, site=other, redirect_url=REDIRECT, client_id="abc")
    client, address = client_of(alice), f"/sites/{site.pk}/link/"
    assert "save this client ID" not in html(client.get(address))
    refused = client.post(address, {"client_id": client_id})
    assert refused.status_code == 422
    assert ("Other wiki has the same client ID" if client_id == "abc" else "64 hexadecimal digits") in html(refused)
    assert "save this client ID" in html(refused)
    assert not site.links.exists()
    assert client.post(address, {"client_id": client_id, "use_anyway": "on"}).status_code == 302
    assert site.links.get().client_id == client_id
    assert ("Other wiki has the same client ID" in html(client.get(address))) == (client_id == "abc")


def test_a_site_that_the_reader_may_not_see_is_not_named(
    client_of: Callable[[User], Client], alice: User, charlie: User, site: Site, make_site: Any
) -> None:
    other = make_site(owners=[charlie], title="Board papers", base_url="https://board.example.com")
    links.create_link(actor=charlie, site=other, redirect_url=REDIRECT, client_id="abc")
    shown = html(client_of(alice).post(f"/sites/{site.pk}/link/", {"client_id": "abc"}))
    assert "Another site has the same client ID" in shown
    assert "Board papers" not in shown


def test_the_link_of_an_archived_or_revoked_one_does_not_count(
    client_of: Callable[[User], Client], alice: User, site: Site, make_site: Any
) -> None:
    for number, field in enumerate(("archived", "revoked")):
        other = make_site(owners=[alice], title=field, base_url=f"https://other{number}.example.com")
        link = links.create_link(actor=alice, site=other, redirect_url=REDIRECT, client_id="abc")
        if field == "revoked":
            links.revoke_link(actor=alice, link=link)
        else:
            Site.objects.filter(pk=other.pk).update(archived_at=timezone.now())
    assert client_of(alice).post(f"/sites/{site.pk}/link/", {"client_id": "abc"}).status_code == 302


def test_a_second_link_is_refused(client_of: Callable[[User], Client], alice: User, provided: Site) -> None:
    client, address = client_of(alice), f"/sites/{provided.pk}/link/"
    client.post(address)
    assert client.post(address).status_code == 422
    assert ApplicationLink.objects.count() == OAuthClient.objects.count() == 1


def test_an_archived_site_gets_no_link(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    Site.objects.update(archived_at=timezone.now())
    page = client_of(alice).post(f"/sites/{site.pk}/link/", {"client_id": "abc"}, follow=True)
    assert "This site is archived" in html(page)
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
