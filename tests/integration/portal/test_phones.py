"""The phones that are signed in, for administrators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import get_refresh_token_model

from oauth_provider.clients import register_client
from oauth_provider.tokens.sessions import live_sessions
from portal.models import User
from rollout.models import ApplicationLink, AuditEvent, Site
from rollout.services import passes, waves
from tests.support.phone_sign_ins import sign_in_phones

MakeSite = Callable[[str], Site]
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def provided(make_site: Any) -> MakeSite:
    def make(slug: str) -> Site:
        site = make_site(title=f"Wiki {slug}", provider="gatepass", slug=slug)
        client_id = register_client(name=slug, redirect_uri="confluence-server://oauth-callback")
        ApplicationLink.objects.create(site=site, client_id=client_id, redirect_url="x", created_at=site.created_at)
        return site

    return make


@pytest.fixture
def browser(client_of: Any, administrator: User) -> Client:
    return client_of(administrator)


def emails(browser: Client, **query: Any) -> list[str]:
    """The people of the filtered rows, from their export."""
    answer = b"".join(browser.get(reverse("phones_export"), query).streaming_content).decode()
    return [line.split(",")[0] for line in answer.splitlines()[1:]]


def test_it_works(browser: Client, member: User, provided: MakeSite) -> None:
    sign_in_phones(provided("a"), [member], user_agent="Confluence/2.0.1", address="192.0.2.7", name="Work phone")
    page = browser.get(reverse("phones")).content.decode()
    for words in (member.email, "Wiki a", "Confluence 2.0.1", "192.0.2.7", "Work phone"):
        assert words in page


def test_a_sign_in_without_a_device_row_and_hostile_values(browser: Client, member: User, provided: MakeSite) -> None:
    site = provided("a")
    sign_in_phones(site, [member], user_agent=f"{HOSTILE} =cmd", name=f"={HOSTILE}")
    sign_in_phones(site, [member])
    get_refresh_token_model().objects.order_by("pk").last().device.delete()
    page = browser.get(reverse("phones")).content.decode()
    assert HOSTILE not in page
    assert "Unknown" in page
    cells = b"".join(browser.get(reverse("phones_export")).streaming_content).decode()
    assert f",={HOSTILE}" not in cells  # no cell starts a formula


def test_filters_by_person_site_and_wave(
    browser: Client, administrator: User, member: User, auditor: User, provided: MakeSite
) -> None:
    here, there = provided("here"), provided("there")
    sign_in_phones(here, [member, auditor])
    sign_in_phones(there, [member])
    wave = waves.create_wave(actor=administrator, title="First", sites=[here])
    passes.issue_pass(
        actor=administrator, label="M", sites=[here], expires_at=timezone.now() + timedelta(days=1), person=member,
        wave=wave, max_uses=None,
    )  # fmt: skip
    assert sorted(emails(browser)) == sorted([member.email, member.email, auditor.email])
    assert emails(browser, q=auditor.email) == [auditor.email]
    assert sorted(emails(browser, site=here.pk)) == sorted([member.email, auditor.email])
    assert emails(browser, wave=wave.pk) == [member.email]
    assert emails(browser, sort="person") == sorted(emails(browser))
    browser.post(f"{reverse('phones_revoke')}?wave={wave.pk}")
    assert (len(live_sessions(member)), len(live_sessions(auditor))) == (1, 1)
    assert AuditEvent.objects.get(action="phone.many_revoked").details["phones"] == 1


@pytest.mark.parametrize("query", ["site=99999", "wave=x", "site=%00"])
def test_an_invalid_filter_signs_out_no_phone(browser: Client, member: User, provided: MakeSite, query: str) -> None:
    sign_in_phones(provided("a"), [member])
    page = browser.post(f"{reverse('phones_revoke')}?{query}", follow=True).content.decode()
    assert "No phone was signed out" in page
    assert len(live_sessions(member)) == 1


def test_one_phone_is_signed_out(browser: Client, member: User, provided: MakeSite) -> None:
    sign_in_phones(provided("a"), [member, member])
    url = reverse("phone_revoke", args=[live_sessions(member)[0].pk])
    assert browser.post(url).status_code == 302
    assert len(live_sessions(member)) == 1
    assert AuditEvent.objects.get(action="phone.revoked").target_name == str(member)
    assert browser.post(url).status_code == 404


def test_ten_thousand_phones_cost_as_many_queries_as_one(browser: Client, member: User, provided: MakeSite) -> None:
    site = provided("a")
    sign_in_phones(site, [member])
    with CaptureQueriesContext(connection) as one:
        browser.get(reverse("phones"))
    sign_in_phones(site, [member] * 9_999)
    with CaptureQueriesContext(connection) as many:
        assert "10,000" in browser.get(reverse("phones")).content.decode().replace("10000", "10,000")
    assert len(many) == len(one)
