"""Application links: valid values, and errors for all others."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from oauth2_provider.models import get_application_model

from rollout.models import ApplicationLink, AuditEvent
from rollout.services.links import create_link, revoke_link, rotate_link, switch_oauth
from rollout.services.sites import archive_site, create_site

pytestmark = pytest.mark.django_db
CALLBACK = "confluence-server://oauth-callback"


@pytest.fixture
def provided(administrator):
    return create_site(actor=administrator, title="Pilot", provider="gatepass", slug="pilot")


def clients():
    return set(get_application_model().objects.values_list("client_id", flat=True))


def test_it_works(administrator, site):
    link = create_link(actor=administrator, site=site, redirect_url=CALLBACK, client_id=" abc123 ")

    assert (link.client_id, link.permission, link.redirect_url) == ("abc123", "WRITE", CALLBACK)
    assert AuditEvent.objects.filter(action="link.created").exists()
    assert not clients()


def test_a_provided_site_gets_a_public_client(administrator, provided):
    link = create_link(actor=administrator, site=provided, redirect_url=CALLBACK)

    client = get_application_model().objects.get(client_id=link.client_id)
    assert client.client_type == client.CLIENT_PUBLIC
    assert client.authorization_grant_type == client.GRANT_AUTHORIZATION_CODE
    assert client.redirect_uris == CALLBACK


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"application_type": "atlassian"}, "application_type"),
        ({"application_type": ""}, "application_type"),
        ({"direction": "outgoing"}, "direction"),
        ({"redirect_url": "confluence-server://oauth-callback/"}, "redirect_url"),
        ({"redirect_url": "Confluence-Server://oauth-callback"}, "redirect_url"),
        ({"redirect_url": "https://evil.example.com"}, "redirect_url"),
        ({"redirect_url": "jira-server://oauth-callback"}, "redirect_url"),
        ({"permission": "READ"}, "permission"),
        ({"permission": "ADMIN"}, "permission"),
        ({"permission": "SYSTEM_ADMIN"}, "permission"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"client_id": "a\x00"}, "client_id"),
        ({"client_id": "x" * 256}, "client_id"),
        ({"client_id": "“abc”"}, "client_id"),
    ],
)
def test_invalid_values_are_rejected_with_a_reason(administrator, site, fields, wrong):
    with pytest.raises(ValidationError) as refused:
        create_link(**{"actor": administrator, "site": site, "redirect_url": CALLBACK, "client_id": "abc", **fields})

    assert list(refused.value.message_dict) == [wrong]
    assert not ApplicationLink.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_client_id_cannot_be_pasted_for_a_provided_site(administrator, provided):
    with pytest.raises(ValidationError):
        create_link(actor=administrator, site=provided, redirect_url=CALLBACK, client_id="mine")

    assert not clients()


def test_a_second_link_is_refused(administrator, provided):
    create_link(actor=administrator, site=provided, redirect_url=CALLBACK)
    with pytest.raises(ValidationError, match="already has"):
        create_link(actor=administrator, site=provided, redirect_url=CALLBACK)

    assert len(clients()) == 1


def test_an_archived_site_gets_no_link(administrator, site):
    archive_site(actor=administrator, site=site)
    site.refresh_from_db()
    with pytest.raises(ValidationError, match="archived"):
        create_link(actor=administrator, site=site, redirect_url=CALLBACK, client_id="abc")


def test_rotating_replaces_the_client(administrator, provided):
    link = create_link(actor=administrator, site=provided, redirect_url=CALLBACK)
    before = link.client_id

    link = rotate_link(actor=administrator, link=link)

    assert link.client_id != before
    assert clients() == {link.client_id}


def test_rotating_a_pasted_link_needs_a_new_client_id(administrator, site):
    link = create_link(actor=administrator, site=site, redirect_url=CALLBACK, client_id="abc")
    for same_or_none in ("abc", "", "a b"):
        with pytest.raises(ValidationError):
            rotate_link(actor=administrator, link=link, client_id=same_or_none)

    assert rotate_link(actor=administrator, link=link, client_id="def").client_id == "def"


def test_revoking_removes_the_client_once(administrator, provided):
    link = create_link(actor=administrator, site=provided, redirect_url=CALLBACK)

    revoke_link(actor=administrator, link=link)
    revoke_link(actor=administrator, link=link)

    assert not clients()
    assert AuditEvent.objects.filter(action="link.revoked").count() == 1
    with pytest.raises(ValidationError, match="revoked"):
        rotate_link(actor=administrator, link=link)


def test_the_switch_makes_and_removes_its_own_link(administrator, provided):
    by_hand = create_link(actor=administrator, site=provided, redirect_url=CALLBACK)

    made = switch_oauth(actor=administrator, site=provided, on=True)
    again = switch_oauth(actor=administrator, site=provided, on=True)
    assert made == again
    assert clients() == {by_hand.client_id, made.client_id}

    assert switch_oauth(actor=administrator, site=provided, on=False) is None
    assert clients() == {by_hand.client_id}


def test_the_switch_of_other_sites_is_not_available(administrator, site):
    with pytest.raises(ValidationError, match="General Configuration"):
        switch_oauth(actor=administrator, site=site, on=True)
