"""Single sign-on with a real OpenID provider: groups give roles, new people are added, others are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from django.test import Client
from django.utils import timezone

from portal.models import User
from rollout.models import AuditEvent


@pytest.fixture
def provider() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def sso(provider: str, settings: Any, db: None) -> Callable[..., Any]:
    """``sso(sub, **claims) -> response`` of the callback, with the client that is signed in by it."""
    settings.OIDC_SERVER_URL = provider
    settings.OIDC_NAME = "Example ID"
    settings.OIDC_ROLE_GROUPS = {"administrator": "gatepass-admins", "auditor": "audit;revision"}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {"provider_id": "oidc", "name": "Example ID", "client_id": "gatepass", "secret": "secret",
                 "settings": {"server_url": provider}}
            ],
        }
    }  # fmt: skip

    def sign_in(sub: str, *, next_page: str = "", **claims: Any) -> Any:
        requests.put(f"{provider}/users/{sub}", json=claims, timeout=10).raise_for_status()
        client = Client()
        form = {"next": next_page} if next_page else {}
        asked = client.post("/accounts/oidc/oidc/login/", form)
        assert asked.status_code == 302
        query = parse_qs(urlsplit(asked["Location"]).query)
        assert query["code_challenge_method"] == ["S256"]
        answered = requests.post(asked["Location"], {"sub": sub}, allow_redirects=False, timeout=10)
        back = urlsplit(answered.headers["Location"])
        return client.get(f"{back.path}?{back.query}")

    return sign_in


ALMA = {"email": "alma@example.com", "email_verified": True, "name": "Alma Admin"}


def test_it_works(sso: Callable[..., Any]) -> None:
    answer = sso("alma", **ALMA, groups=["staff", "gatepass-admins"])
    assert answer["Location"] == "/"
    assert answer.client.get("/people/").status_code == 200
    alma = User.objects.get()
    assert (alma.email, alma.get_full_name(), alma.role) == ("alma@example.com", "Alma Admin", "administrator")
    assert not alma.has_usable_password()
    assert "Sign in with Example ID" in Client().get("/accounts/login/").text
    actions = list(AuditEvent.objects.order_by("number").values_list("action", flat=True))
    assert actions == ["person.added", "person.signed_in"]


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["audit"], "auditor"), (["revision"], "auditor"), (["audit", "gatepass-admins"], "administrator"),
        ("audit", "auditor"), (["x"], None), ([], None), ("", None), (None, None), ({"audit": 1}, None),
        (["AUDIT"], None),
    ],
)  # fmt: skip
def test_groups_are_roles(sso: Callable[..., Any], groups: Any, role: str | None) -> None:
    answer = sso("alma", **ALMA, groups=groups)
    if role is None:
        assert answer.status_code == 403
        assert "You are not in a group that has access to Gatepass." in answer.text
        assert not User.objects.exists()
    else:
        assert User.objects.get().role == role


def test_a_default_role(sso: Callable[..., Any], settings: Any) -> None:
    settings.OIDC_DEFAULT_ROLE = "member"
    assert sso("alma", **ALMA)["Location"] == "/me/passes/"


def test_the_role_follows_the_groups(sso: Callable[..., Any], administrator: User) -> None:
    sso("alma", **ALMA, groups=["gatepass-admins"])
    sso("alma", **{**ALMA, "email": "new-name@example.com"}, groups=["audit"])
    alma = User.objects.get(email="alma@example.com")  # matched by the provider's identifier
    assert (alma.role, alma.is_superuser) == ("auditor", False)
    assert sso("alma", **ALMA, groups=[]).status_code == 403


def test_the_last_administrator_stays_one(sso: Callable[..., Any]) -> None:
    sso("alma", **ALMA, groups=["gatepass-admins"])
    assert sso("alma", **ALMA, groups=["audit"]).status_code == 403
    assert User.objects.get().role == "administrator"


def test_an_existing_person_is_matched_by_a_verified_address(
    sso: Callable[..., Any], make_user: Callable[..., User], administrator: User
) -> None:
    alma = make_user("auditor", "alma@example.com", "a password of before")
    sso("alma", **{**ALMA, "email": "Alma@Example.com"}, groups=["audit"])
    assert User.objects.filter(email__iexact="alma@example.com").get() == alma


@pytest.mark.parametrize(
    "claims", [{"email_verified": False}, {"email_verified": "yes"}, {"email": ""}, {"email": "x"}]
)
def test_an_unverified_address_is_refused(
    sso: Callable[..., Any], make_user: Callable[..., User], claims: dict[str, Any]
) -> None:
    make_user("administrator", "alma@example.com")
    answer = sso("alma", **{**ALMA, **claims}, groups=["gatepass-admins"])
    assert answer.status_code == 403
    assert User.objects.count() == 1


def test_a_deactivated_person_is_refused(sso: Callable[..., Any], make_user: Callable[..., User]) -> None:
    make_user("auditor", "alma@example.com", is_active=False)
    answer = sso("alma", **ALMA, groups=["audit"])
    assert answer.client.get("/sites/").status_code == 302


def test_next_leads_to_a_local_page(sso: Callable[..., Any]) -> None:
    assert sso("alma", next_page="/sites/?q=a", **ALMA, groups=["audit"])["Location"] == "/sites/?q=a"
    assert sso("alma", next_page="https://evil.example/", **ALMA, groups=["audit"])["Location"] == "/"


def test_an_export_after_a_while_requires_a_new_sign_in(sso: Callable[..., Any]) -> None:
    """The person has no password, so only a new sign-in confirms the identity."""
    client = sso("alma", **ALMA, groups=["gatepass-admins"]).client
    session = client.session
    session["signed_in_at"] = int((timezone.now() - timedelta(minutes=16)).timestamp())
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**one, "at": one["at"] - 1000} for one in records]
    session.save()
    assert client.get("/people/export.csv")["Location"] == "/accounts/login/?next=%2Fpeople%2Fexport.csv"


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=y", "?error=access_denied", "?state=%00&code=%00", "?error=x"]
)
def test_an_unrequested_callback(sso: Callable[..., Any], query: str) -> None:
    answer = Client().get(f"/accounts/oidc/oidc/login/callback/{query}", follow=True)
    assert answer.status_code < 500
    assert re.search("failed|canceled", answer.text)


def test_an_unreachable_provider_is_reported(sso: Callable[..., Any], settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = Client().post("/accounts/oidc/oidc/login/", follow=True)
    assert answer.status_code == 502
    assert "Single sign-on failed" in answer.text


def test_without_a_provider_there_is_no_button(db: None) -> None:
    assert "Sign in with" not in Client().get("/accounts/login/").text.replace("Sign in with a passkey", "")
    assert Client().get("/accounts/oidc/oidc/login/").status_code == 404
