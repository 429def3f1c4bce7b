"""Signals of Django and allauth are recorded in the audit log, once and without secrets."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory
from oauth2_provider.models import AccessToken
from oauth2_provider.signals import app_authorized

from oauth_provider.models import Client as OAuthClient
from portal.models import User
from rollout.models import AuditEvent, SignIn
from rollout.services import links, sites


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("number").values_list("action", flat=True))


def test_signing_in_and_out(make_user: Any) -> None:
    user = make_user("member", "person@example.com", "correct horse battery staple")
    browser = Client()
    form = {"login": user.email, "password": "correct horse battery staple"}
    assert browser.post("/accounts/login/", form).status_code == 302
    browser.post("/accounts/logout/")
    assert actions() == ["person.signed_in", "person.signed_out"]
    assert {event.actor_id for event in AuditEvent.objects.all()} == {user.pk}


def test_a_wrong_password(make_user: Any) -> None:
    make_user("member", "person@example.com", "correct horse battery staple")
    Client().post("/accounts/login/", {"login": "person@example.com", "password": "guess-guess-guess"})
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id, event.target_name) == ("person.sign_in_failed", None, "person@example.com")
    assert "guess" not in str(event.__dict__)


@pytest.mark.parametrize("typed", ["my password", "unknown@example.com", "a\x00b@example.com", "é", ""])
def test_the_entered_name_is_not_stored(db: None, rf: RequestFactory, typed: str) -> None:
    assert authenticate(rf.post("/"), email=typed.replace("\x00", ""), password="secret") is None
    for event in AuditEvent.objects.all():
        assert (event.action, event.target_label) == ("person.sign_in_failed", "")


def test_signing_out_without_a_sign_in_records_nothing(db: None) -> None:
    Client().logout()
    assert actions() == []


def test_a_deactivated_person_cannot_sign_in(make_user: Any) -> None:
    user: User = make_user("member", "person@example.com", "correct horse battery staple", is_active=False)
    Client().post("/accounts/login/", {"login": user.email, "password": "correct horse battery staple"})
    assert "person.signed_in" not in actions()


def test_a_client_id_entered_for_another_site_gets_no_sign_ins(
    make_site: Any, administrator: User, charlie: User, member: User
) -> None:
    """An owner who enters the client ID of a site hosted by Gatepass does not learn who signs in there."""
    provided = sites.create_site(actor=administrator, title="Pilot", provider="gatepass", slug="pilot")
    redirect_url = "confluence-server://oauth-callback"
    real = links.create_link(actor=administrator, site=provided, redirect_url=redirect_url)
    theirs = make_site(owners=[charlie])
    links.create_link(actor=charlie, site=theirs, redirect_url=redirect_url, client_id=real.client_id)
    token = AccessToken(user=member, application=OAuthClient.objects.get(client_id=real.client_id))
    request = RequestFactory().post("/", {"grant_type": "authorization_code"})

    app_authorized.send(sender=None, request=request, token=token)

    assert SignIn.objects.get().site == provided
    assert "phone.signed_in" not in AuditEvent.objects.visible_to(charlie).values_list("action", flat=True)
