"""The complete flow with third-party OAuth clients over HTTP, with a person at the real sign-in form."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import requests_oauthlib
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from django.test import Client

from oauth_provider.limits import attempts
from oauth_provider.models import Client as OAuthClient
from portal.models import User
from rollout.models import SignIn, Site
from tests.support.browser_sheet import sign_in_and_answer
from tests.support.node_packages import NODE, node_packages

REDIRECT_URI = "confluence-server://oauth-callback"
PASSWORD = "correct horse battery staple"
USER_AGENT = "Confluence/2.0 (iPhone) AtlassianMobileApp"


@pytest.fixture
def person(make_user: Callable[..., User]) -> User:
    return make_user("member", "phone@example.com", PASSWORD)


@pytest.fixture
def metadata(live_server: Any, provided_site: Site) -> dict[str, Any]:
    """The site's metadata, found from its base URL alone."""
    path = provided_site.base_url.removeprefix(live_server.url)
    found = requests.get(f"{live_server.url}/.well-known/oauth-authorization-server{path}", timeout=10).json()
    assert found["issuer"] == provided_site.base_url
    return found


def authlib_client(site: Site) -> OAuth2Session:
    app = OAuth2Session(
        site.links.get().client_id,
        redirect_uri=REDIRECT_URI,
        scope="WRITE",
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )
    app.headers["User-Agent"] = USER_AGENT
    return app


@pytest.mark.rfc("6749", "4.1")
@pytest.mark.rfc("7636", "4")
def test_authlib(metadata: dict[str, Any], provided_site: Site, person: User) -> None:
    app, verifier = authlib_client(provided_site), generate_token(64)
    url, state = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    callback = sign_in_and_answer(url, person.email, PASSWORD)
    assert callback.startswith(f"{REDIRECT_URI}?")

    token = app.fetch_token(
        metadata["token_endpoint"], authorization_response=callback, state=state, code_verifier=verifier
    )
    assert (token["token_type"], token["scope"], token["expires_in"]) == ("Bearer", "WRITE", 3600)
    sign_in = SignIn.objects.get()
    assert (sign_in.site, sign_in.person, sign_in.user_agent) == (provided_site, person, USER_AGENT)

    refreshed = app.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
    assert refreshed["refresh_token"] != token["refresh_token"]
    assert SignIn.objects.count() == 1

    revoked = app.revoke_token(metadata["revocation_endpoint"], token=refreshed["refresh_token"])
    assert revoked.status_code == 200
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.refresh_token(metadata["token_endpoint"], refresh_token=refreshed["refresh_token"])


def test_cancel_redirects_to_the_app(metadata: dict[str, Any], provided_site: Site, person: User) -> None:
    app = authlib_client(provided_site)
    url, state = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=generate_token(64))
    callback = sign_in_and_answer(url, person.email, PASSWORD, answer="cancel")
    answer = dict(parse_qsl(urlsplit(callback).query))
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", state, metadata["issuer"])
    assert not SignIn.objects.exists()


@pytest.mark.rfc("6749", "4.1")
@pytest.mark.rfc("7636", "4")
def test_requests_oauthlib(metadata: dict[str, Any], provided_site: Site, person: User, monkeypatch: Any) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the test server is plain http on loopback
    app = requests_oauthlib.OAuth2Session(
        provided_site.links.get().client_id, redirect_uri=REDIRECT_URI, scope=["WRITE"], pkce="S256"
    )
    url, _state = app.authorization_url(metadata["authorization_endpoint"])
    callback = sign_in_and_answer(url, person.email, PASSWORD)
    token = app.fetch_token(metadata["token_endpoint"], authorization_response=callback, include_client_id=True)
    assert token["scope"] == ["WRITE"]
    refreshed = app.refresh_token(metadata["token_endpoint"], client_id=app.client_id)
    assert refreshed["refresh_token"] != token["refresh_token"]
    assert SignIn.objects.get().person == person


@pytest.fixture(params=["site", "root"])
def issuer(request: pytest.FixtureRequest, provided_site: Site, settings: Any) -> tuple[str, str]:
    """An issuer for discovery, with and without a path, and a client of it."""
    if request.param == "site":
        return provided_site.base_url, provided_site.links.get().client_id
    client = OAuthClient.objects.create(name="of our own API", redirect_uris=REDIRECT_URI)
    return settings.PUBLIC_URL, client.client_id


@pytest.mark.parametrize(
    ("script", "package"),
    [
        ("oauth4webapi_client.mjs", "oauth4webapi@3.8.8"),
        ("openid_client.mjs", "openid-client@6.9.0"),
        ("appauth_client.mjs", "@openid/appauth@1.4.0"),
    ],
)
@pytest.mark.rfc("8414", "3")
@pytest.mark.rfc("9207", "2.4")
def test_clients_of_node(
    live_server: Any, issuer: tuple[str, str], person: User, settings: Any, script: str, package: str
) -> None:
    """Clients of other authors; the first two check issuer and ``iss``, and reject every deviation.

    A reached limit is no OAuth error for them, and their sign-in survives it.
    """
    settings.REDIS_URL = ""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "token_failures": "1/86400"}
    attempts.limiter.forget()
    modules = node_packages(package)
    node = subprocess.Popen(
        [NODE, str(Path(__file__).with_name(script)), str(modules), *issuer, REDIRECT_URI],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert node.stdin is not None
    assert node.stdout is not None
    try:
        asked = node.stdout.readline()
        if asked:
            callback = sign_in_and_answer(json.loads(asked)["authorize"], person.email, PASSWORD)
            node.stdin.write(callback + "\n")
            node.stdin.flush()
        output, errors = node.communicate(timeout=30)
    finally:
        node.kill()
    assert node.returncode == 0, errors
    assert json.loads(output) == {
        "scope": "WRITE",
        "expires_in": 3600,
        "over_limit": [429, "no OAuth error"],
        "rotated": True,
        "after_revocation": "invalid_grant",
    }


@pytest.mark.rfc("8252", "8.6")
def test_a_signed_in_browser_sheet_needs_consent_again(
    metadata: dict[str, Any], provided_site: Site, person: User, client_of: Callable[[User], Client]
) -> None:
    app = authlib_client(provided_site)
    url, _ = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=generate_token(64))
    assert "Not you?" in client_of(person).get(url).text
