"""My devices and the page for a lost phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from oauth2_provider.models import get_refresh_token_model

from oauth_provider.clients import register_client
from oauth_provider.models import Client as OAuthClient
from oauth_provider.models import Device
from oauth_provider.tokens.sessions import live_sessions
from portal.models import User
from rollout.models import ApplicationLink, AuditEvent, Site
from tests.support.phone_sign_ins import sign_in_phones

ClientOf = Callable[[User], Client]
HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def provided(make_site: Any) -> Site:
    site = make_site(title="Rehearsal wiki", provider="gatepass", slug="rehearsal")
    client_id = register_client(name="Rehearsal wiki", redirect_uri="confluence-server://oauth-callback")
    ApplicationLink.objects.create(site=site, client_id=client_id, redirect_url="x", created_at=site.created_at)
    return site


def page_of(client: Client, **query: str) -> str:
    return client.get(reverse("my_devices"), query).content.decode()


def test_it_works(client_of: ClientOf, member: User, provided: Site) -> None:
    sign_in_phones(provided, [member], user_agent="Confluence/2.0.1", address="192.0.2.7", name="Work phone")
    page = page_of(client_of(member))
    for words in ("Work phone", "Rehearsal wiki", "Confluence 2.0.1", "192.0.2.7", "last used"):
        assert words in page


def test_hostile_values_are_escaped(client_of: ClientOf, member: User, provided: Site) -> None:
    sign_in_phones(provided, [member], user_agent=HOSTILE, name=HOSTILE)
    page = page_of(client_of(member))
    assert HOSTILE not in page
    assert "&lt;img src=x" in page


def test_ten_phones_cost_as_many_queries_as_one(
    client_of: ClientOf, member: User, provided: Site, django_assert_max_num_queries: Any
) -> None:
    client = client_of(member)
    sign_in_phones(provided, [member])
    with django_assert_max_num_queries(10) as one:
        page_of(client)
    sign_in_phones(provided, [member] * 9)
    with django_assert_max_num_queries(len(one)):
        page_of(client)


def test_a_phone_is_renamed(client_of: ClientOf, member: User, auditor: User, provided: Site) -> None:
    sign_in_phones(provided, [member])
    [phone] = live_sessions(member)
    url = reverse("device_name", args=[phone.pk])
    client_of(auditor).post(url, {"name": "Mine"})
    assert live_sessions(member)[0].name == ""
    assert "Changes saved." in client_of(member).post(url, {"name": "Blue one"}, follow=True).content.decode()
    assert live_sessions(member)[0].name == "Blue one"
    too_long = client_of(member).post(url, {"name": "x" * 61}, follow=True).content.decode()
    assert "Use at most 60 characters" in too_long
    assert live_sessions(member)[0].name == "Blue one"


def test_sign_out_all_ends_only_ones_own_phones(
    client_of: ClientOf, member: User, auditor: User, provided: Site
) -> None:
    sign_in_phones(provided, [member, member, auditor])
    page = client_of(member).post(reverse("devices_sign_out"), follow=True).content.decode()
    assert "2 phones were signed out." in page
    assert (len(live_sessions(member)), len(live_sessions(auditor))) == (0, 1)
    assert Device.objects.count() == 1
    assert AuditEvent.objects.get(action="phone.all_ended").details["phones"] == 2


def test_a_lost_phone_from_any_browser(client: Client, client_of: ClientOf, member: User, provided: Site) -> None:
    sign_in_phones(provided, [member, member])
    url = reverse("lost_phone")
    assert url in client.get(reverse("account_login")).content.decode()
    assert client.get(url)["Location"] == f"{reverse('account_login')}?next={url}"
    browser = client_of(member)
    assert "You are signed in on 2 phones." in browser.get(url).content.decode()
    assert len(live_sessions(member)) == 2  # opening the page signs nothing out
    page = browser.post(url).content.decode()
    assert "2 phones were signed out." in page
    assert "Change your password" in page
    assert live_sessions(member) == []
    assert not get_refresh_token_model().objects.filter(revoked=None).exists()
    assert browser.post(url).status_code == 200
    assert OAuthClient.objects.exists()
    assert AuditEvent.objects.filter(action="phone.lost").count() == 2
