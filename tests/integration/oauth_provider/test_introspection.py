"""Introspection: a resource server learns whether tokens of its own realm are active, and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from oauth_provider.models import ResourceServer
from oauth_provider.resource_servers import create_resource_server
from oauth_provider.tokens.sessions import end_all_sessions
from rollout.models import Site

Ask = Callable[..., Any]


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.fixture
def credential(provided_site: Site) -> Any:
    return create_resource_server(name="Gateway", issuer=provided_site.base_url)[1]


@pytest.fixture
def ask(phone: Any, credential: Any) -> Ask:
    """``ask(token, endpoint="introspect", header=…) -> response``"""

    def post(token: str | None, endpoint: str = "introspect", header: str | None = None, **more: str) -> Any:
        body = urlencode({key: value for key, value in {"token": token, **more}.items() if value is not None})
        header = basic(credential.client_id, credential.secret) if header is None else header
        extra = {"HTTP_AUTHORIZATION": header} if header else {}
        return phone.wire.post(phone.url(endpoint), body, content_type="application/x-www-form-urlencoded", **extra)

    return post


@pytest.mark.rfc("7662", "2.2")
def test_an_active_token(phone: Any, ask: Ask, member: Any, provided_site: Site) -> None:
    response = ask(phone.tokens()["access_token"])
    facts = response.json()
    now = timezone.now().timestamp()
    assert response.status_code == 200
    assert now - 10 <= facts.pop("iat") <= now
    assert now + 3590 <= facts.pop("exp") <= now + 3600
    assert facts == {
        "active": True, "client_id": phone.client_id, "username": member.email, "scope": "WRITE",
        "token_type": "Bearer", "sub": str(member.pk), "iss": provided_site.base_url,
    }  # fmt: skip
    assert response["Cache-Control"] == "no-store"


@pytest.mark.rfc("7662", "2.1")
def test_the_secret_may_be_in_the_body(phone: Any, ask: Ask, credential: Any) -> None:
    token = phone.tokens()["access_token"]
    response = ask(token, header="", client_id=credential.client_id, client_secret=credential.secret)
    assert response.json()["active"] is True


@pytest.mark.rfc("7662", "2.2")
@pytest.mark.parametrize("endpoint", ["introspect", "introspect/status"])
def test_all_inactive_tokens_get_the_same_response(phone: Any, ask: Ask, endpoint: str) -> None:
    tokens = phone.tokens()
    stale = phone.tokens()["access_token"]
    get_access_token_model().objects.order_by("-pk").update(expires=timezone.now() - timedelta(seconds=1))
    living = phone.tokens()
    for token in ("unknown", "é", "x" * 4000, tokens["refresh_token"], stale, living["refresh_token"]):
        response = ask(token, endpoint)
        assert response.status_code == (200 if endpoint == "introspect" else 401)
        assert response.json() == {"active": False}


@pytest.mark.rfc("9700", "4.14.2")
@pytest.mark.parametrize("end", ["revoke", "refresh", "deactivate", "sign out", "link", "archive", "person"])
def test_a_revoked_token_is_inactive_at_once(
    phone: Any, ask: Ask, member: Any, provided_site: Site, administrator: Any, end: str
) -> None:
    tokens = phone.tokens()
    assert ask(tokens["access_token"]).json()["active"] is True
    if end == "revoke":
        phone.revoke(tokens["refresh_token"])
    elif end == "refresh":
        phone.refresh(tokens["refresh_token"])
    elif end == "deactivate":
        get_user_model().objects.filter(pk=member.pk).update(is_active=False)
    elif end == "sign out":
        end_all_sessions(member)
    elif end == "link":
        provided_site.links.update(revoked_at=timezone.now())
    elif end == "archive":
        Site.objects.filter(pk=provided_site.pk).update(archived_at=timezone.now())
    else:
        member.delete()
    response = ask(tokens["access_token"])
    assert response.status_code == 404 if end == "archive" else response.json() == {"active": False}


@pytest.mark.rfc("7662", "2.1")
@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", "Bearer x", "Basic " + base64.b64encode(b"no-colon").decode(), basic("unknown", "x"),
     basic("", ""), basic("a\x00b", "x"), "Basic " + base64.b64encode(b"\xff:\xff").decode()],
)  # fmt: skip
def test_other_credentials_are_refused(phone: Any, ask: Ask, header: str) -> None:
    response = ask(phone.tokens()["access_token"], header=header)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response["WWW-Authenticate"].startswith("Basic ")


def test_a_wrong_secret_and_two_secrets_at_once(phone: Any, ask: Ask, credential: Any) -> None:
    token = phone.tokens()["access_token"]
    assert ask(token, header=basic(credential.client_id, credential.secret + "x")).status_code == 401
    assert ask(token, client_id=credential.client_id, client_secret=credential.secret).status_code == 401


def test_the_apps_public_client_may_not_introspect(phone: Any, ask: Ask) -> None:
    assert ask(phone.tokens()["access_token"], header=basic(phone.client_id, "")).status_code == 401


def test_tokens_of_another_realm_are_inactive(
    make_provided_site: Callable[[str], Site], phone_of: Callable[..., Any], phone: Any, ask: Ask, credential: Any
) -> None:
    other = phone_of(make_provided_site("elsewhere"))
    token = other.tokens()["access_token"]
    assert ask(token).json() == {"active": False}
    body = urlencode({"token": token})
    header = basic(credential.client_id, credential.secret)
    for address in (other.url("introspect"), "/rest/oauth2/latest/introspect"):
        response = Client().post(
            address, body, content_type="application/x-www-form-urlencoded", HTTP_AUTHORIZATION=header
        )
        assert response.status_code == 401


def test_the_root_realm_has_its_own_resource_servers(phone: Any, settings: Any) -> None:
    credential = create_resource_server(name="Our API", issuer=settings.PUBLIC_URL)[1]
    response = Client().post(
        "/rest/oauth2/latest/introspect",
        urlencode({"token": phone.tokens()["access_token"]}),
        content_type="application/x-www-form-urlencoded",
        HTTP_AUTHORIZATION=basic(credential.client_id, credential.secret),
    )
    assert response.json() == {"active": False}  # the token is of a site


@pytest.mark.rfc("7662", "2.1")
@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
@pytest.mark.parametrize("endpoint", ["introspect", "introspect/status"])
def test_only_post(phone: Any, method: str, endpoint: str) -> None:
    response = getattr(Client(), method)(phone.url(endpoint))
    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.rfc("7662", "2.1")
def test_a_missing_token_is_an_invalid_request(ask: Ask) -> None:
    response = ask(None)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.rfc("6750", "3.1")
def test_a_proxy_gets_a_status(phone: Any, ask: Ask, member: Any) -> None:
    tokens = phone.tokens()
    response = ask(tokens["access_token"], "introspect/status")
    assert (response.status_code, response.content) == (204, b"")
    assert (response["X-Gatepass-User"], response["X-Gatepass-Subject"]) == (member.email, str(member.pk))
    phone.revoke(tokens["access_token"])
    ended = ask(tokens["access_token"], "introspect/status")
    assert (ended.status_code, ended["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert "X-Gatepass-User" not in ended
    without = ask("", "introspect/status")  # what nginx sends for a request without one
    assert (without.status_code, without["WWW-Authenticate"]) == (401, "Bearer")
    stranger = ask(tokens["access_token"], "introspect/status", header=basic("unknown", "x"))
    assert stranger.status_code == 403
    assert "WWW-Authenticate" not in stranger


def test_only_a_digest_of_the_secret_is_stored(credential: Any) -> None:
    row = ResourceServer.objects.values().get()
    assert credential.secret not in str(row)
    assert credential.secret not in repr(credential)


def test_it_takes_one_statement(phone: Any, ask: Ask, django_assert_num_queries: Any) -> None:
    token = phone.tokens()["access_token"]
    phone.wire = Client()
    with django_assert_num_queries(1):  # the site, the resource server and the token
        assert ask(token).json()["active"] is True
