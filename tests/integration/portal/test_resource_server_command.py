"""`manage.py resource_server`: credentials with which an API introspects the tokens of Gatepass's own clients."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from oauth_provider.models import Client as OAuthClient
from oauth_provider.models import ResourceServer
from portal.models import User
from rollout.models import AuditEvent


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("resource_server", *arguments, stdout=out)
    return out.getvalue()


def credential(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text.splitlines())


def introspect(token: str, values: dict[str, str]) -> Any:
    pair = base64.b64encode(f"{values['client_id']}:{values['client_secret']}".encode()).decode()
    return Client().post(
        "/rest/oauth2/latest/introspect",
        f"token={token}",
        content_type="application/x-www-form-urlencoded",
        headers={"authorization": f"Basic {pair}"},
    )


@pytest.fixture
def token(phone: Any) -> str:
    """An access token of a client in the root realm."""
    client = OAuthClient.objects.create(name="Own API", redirect_uris="confluence-server://oauth-callback")
    return str(replace(phone, base="", client_id=client.client_id).tokens()["access_token"])


def test_it_works(token: str, member: User) -> None:
    values = credential(run("create", "Report  API"))
    facts = introspect(token, values).json()
    assert (facts["active"], facts["username"]) == (True, member.email)
    assert run("list") == f"{values['client_id']}  Report API\n"
    event = AuditEvent.objects.get(action="resource_server.created")
    assert (event.actor_label, event.target_label, event.details) == ("Gatepass", "Report API", {})
    assert values["client_secret"] not in str(ResourceServer.objects.values().get())


def test_a_rotated_secret_replaces_the_earlier_one(token: str) -> None:
    old = credential(run("create", "Report API"))
    new = credential(run("rotate", "Report API"))
    assert new["client_id"] == old["client_id"]
    assert (introspect(token, old).status_code, introspect(token, new).json()["active"]) == (401, True)
    assert AuditEvent.objects.filter(action="resource_server.rotated").count() == 1


def test_a_removed_one_learns_nothing(token: str) -> None:
    values = credential(run("create", "Report API"))
    assert run("remove", "Report API") == ""
    assert introspect(token, values).status_code == 401
    assert AuditEvent.objects.get(action="resource_server.removed").target_label == "Report API"


REFUSED = [
    ["create", "Taken"], ["create", " "], ["create", "x" * 121], ["create", "a\x00"],
    ["rotate", "Unknown"], ["remove", "Unknown"], ["rotate", "Of a site"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_is_refused_changes_nothing(db: None, arguments: list[str]) -> None:
    ResourceServer.objects.create(name="Of a site", issuer="https://gatepass.example.com/at/x", client_id="x")
    run("create", "Taken")
    before = list(ResourceServer.objects.values())
    with pytest.raises(CommandError):
        run(*arguments)
    assert list(ResourceServer.objects.values()) == before
    assert AuditEvent.objects.count() == 1


def test_a_token_of_a_site_is_unknown_to_it(phone: Any) -> None:
    values = credential(run("create", "Report API"))
    assert introspect(phone.tokens()["access_token"], values).json() == {"active": False}
