"""Metadata describes the endpoints, with an issuer that does not depend on headers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from rollout.models import Site

WELL_KNOWN = "/.well-known/oauth-authorization-server"
BELOW = "/rest/oauth2/latest/.well-known/oauth-authorization-server"


@pytest.mark.rfc("8414", "3.2")
@pytest.mark.parametrize("path", [WELL_KNOWN, BELOW])
def test_it_works(db: None, path: str, settings: Any) -> None:
    response = Client().get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json()["issuer"] == settings.PUBLIC_URL


@pytest.mark.rfc("8414", "2")
@pytest.mark.parametrize("path", [f"{WELL_KNOWN}/at/rehearsal", f"/at/rehearsal{BELOW}"])
def test_each_site_has_its_own_metadata(provided_site: Site, path: str) -> None:
    base = provided_site.base_url
    assert Client().get(path).json() == {
        "issuer": base,
        "authorization_endpoint": f"{base}/rest/oauth2/latest/authorize",
        "token_endpoint": f"{base}/rest/oauth2/latest/token",
        "revocation_endpoint": f"{base}/rest/oauth2/latest/revoke",
        "scopes_supported": ["WRITE"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint": f"{base}/rest/oauth2/latest/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }


@pytest.mark.rfc("8414", "3.3")
@pytest.mark.parametrize("headers", [{"host": "other.example"}, {"x-forwarded-host": "evil.example"}])
def test_the_host_header_is_ignored(provided_site: Site, settings: Any, headers: dict[str, str]) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert "example" not in Client().get(f"{WELL_KNOWN}/at/rehearsal", headers=headers).text
    assert "example" not in Client().get(WELL_KNOWN, headers=headers).text


@pytest.mark.parametrize("path", [f"{WELL_KNOWN}/at/unknown", f"{WELL_KNOWN}/elsewhere", f"/at/unknown{BELOW}"])
def test_an_unknown_issuer_is_not_found(db: None, client_of: Any, member: Any, path: str) -> None:
    assert client_of(member).get(path).status_code == 404


def test_post_is_refused(db: None) -> None:
    assert Client().post(WELL_KNOWN).status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/register/", "/o/register/", "/introspect/", "/device/", "/device-authorization/", "/applications/",
     "/authorized_tokens/", "/.well-known/openid-configuration", "/userinfo/", "/o/introspect"],
)  # fmt: skip
def test_views_that_are_left_out(client_of: Any, administrator: Any, path: str) -> None:
    assert client_of(administrator).get(path).status_code == 404
