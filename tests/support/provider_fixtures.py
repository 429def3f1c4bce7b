"""Site hosted by Gatepass, its application link, and a phone that signs in through the views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from oauth_provider.clients import register_client
from portal.models import User
from rollout.models import ApplicationLink, Product, Provider, Site

from .both_paths import BothPaths

REDIRECT_URI = "confluence-server://oauth-callback"
# RFC 7636 Appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass
class Phone:
    """App on one site. ``base``: path of the site; ``browser``: signed-in sheet; ``wire``: HTTP client of the app."""

    base: str
    client_id: str
    browser: Client
    wire: Client

    def url(self, endpoint: str) -> str:
        return f"{self.base}/rest/oauth2/latest/{endpoint}"

    def authorize_url(self, **changes: str | None) -> str:
        """Return the authorization URL; a parameter set to None is omitted."""
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": "WRITE",
            "state": "some-state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return f"{self.url('authorize')}?{urlencode({k: v for k, v in parameters.items() if v is not None})}"

    def authorize(self, **changes: str | None) -> HttpResponse:
        return self.browser.get(self.authorize_url(**changes))

    def answer(self, answer: str = "allow", **changes: str | None) -> HttpResponse:
        return self.browser.post(self.authorize_url(**changes), {"answer": answer})

    def code(self, **changes: str | None) -> str:
        return callback(self.answer(**changes))["code"]

    def post(self, endpoint: str, **parameters: str | None) -> HttpResponse:
        body = urlencode({k: v for k, v in parameters.items() if v is not None})
        return self.wire.post(self.url(endpoint), body, content_type="application/x-www-form-urlencoded")

    def redeem(self, code: str, **changes: str | None) -> HttpResponse:
        return self.post(
            "token",
            **{
                "grant_type": "authorization_code",
                "client_id": self.client_id,
                "code": code,
                "redirect_uri": REDIRECT_URI,
                "code_verifier": VERIFIER,
                **changes,
            },
        )

    def refresh(self, refresh_token: str, **changes: str | None) -> HttpResponse:
        parameters = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": refresh_token}
        return self.post("token", **{**parameters, **changes})

    def revoke(self, token: str, **changes: str | None) -> HttpResponse:
        return self.post("revoke", **{"client_id": self.client_id, "token": token, **changes})

    def tokens(self) -> dict[str, Any]:
        return self.redeem(self.code()).json()


def callback(response: HttpResponse) -> dict[str, str]:
    """Return the parameters of the redirect to the app; fail if it leads elsewhere."""
    assert response.status_code == 302, response.content[:500]
    address, _, query = response["Location"].partition("?")
    assert address == REDIRECT_URI
    parameters = parse_qs(query, strict_parsing=True)
    assert all(len(values) == 1 for values in parameters.values())
    return {name: values[0] for name, values in parameters.items()}


@pytest.fixture(name="callback")
def callback_fixture() -> Callable[[HttpResponse], dict[str, str]]:
    return callback


@pytest.fixture
def make_provided_site(make_site: Callable[..., Site]) -> Callable[[str], Site]:
    """``make_provided_site(slug) -> Site`` with one active application link."""

    def make(slug: str) -> Site:
        site = make_site(
            title=f"Wiki {slug}",
            slug=slug,
            provider=Provider.GATEPASS,
            product=Product.CONFLUENCE,
            base_url=f"{settings.PUBLIC_URL}/at/{slug}",
        )
        ApplicationLink.objects.create(
            site=site,
            client_id=register_client(name=site.title, redirect_uri=REDIRECT_URI),
            redirect_url=REDIRECT_URI,
            created_at=timezone.now(),
        )
        return site

    return make


@pytest.fixture
def provided_site(make_provided_site: Callable[[str], Site]) -> Site:
    return make_provided_site("rehearsal")


@pytest.fixture
def phone_of(member: User, client_of: Callable[[User], Client]) -> Callable[..., Phone]:
    """``phone_of(site, user=member) -> Phone``"""

    def make(site: Site, user: User | None = None) -> Phone:
        client_id = site.links.active().get().client_id
        return Phone(urlsplit(site.base_url).path, client_id, client_of(user or member), BothPaths())

    return make


@pytest.fixture
def phone(provided_site: Site, phone_of: Callable[..., Phone]) -> Phone:
    return phone_of(provided_site)
