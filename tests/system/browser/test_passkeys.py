"""Passkeys in Chromium with a virtual authenticator: adding one, and signing in with it in a browser and in the app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from oauth_provider.clients import register_client
from portal.models import User
from rollout.models import ApplicationLink, Product, Provider, Site
from tests.support.browser import add_authenticator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery staple"
REDIRECT_URI = "confluence-server://oauth-callback"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 Appendix B


@pytest.fixture
def named(live_server: Any, settings: Any) -> str:
    """URL of the live server with a host name, because passkeys do not work with an IP address."""
    settings.PUBLIC_URL = live_server.url.replace("127.0.0.1", "localhost")
    return settings.PUBLIC_URL


@pytest.fixture
def person(make_user: Callable[..., User]) -> User:
    return make_user("administrator", "boss@example.com", PASSWORD)


@pytest.fixture
def sheet(open_context: Callable[..., BrowserContext], named: str) -> Iterator[Page]:
    """Page with the width of a phone and a built-in authenticator that always verifies the user."""
    page = open_context(base_url=named, viewport={"width": 390, "height": 844}).new_page()
    add_authenticator(page)
    return page


def sign_in(page: Page, person: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def confirm(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def add_passkey(page: Page, then: str = "Recovery codes") -> None:
    page.goto("/accounts/2fa/webauthn/add/")
    if page.get_by_role("heading", name="Confirm your identity").is_visible():
        confirm(page)
    page.get_by_role("textbox", name="Name").fill("Built-in")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(then)


def sign_out(page: Page) -> None:
    page.context.clear_cookies()


def test_adding_a_passkey_and_signing_in_without_a_password(sheet: Page, person: User) -> None:
    sign_in(sheet, person)
    add_passkey(sheet)
    sheet.goto("/accounts/2fa/webauthn/")
    expect(sheet.get_by_text("Built-in", exact=True).first).to_be_visible()
    expect(sheet.get_by_text("Signs you in without a password.")).to_be_visible()
    sign_out(sheet)
    sheet.goto("/accounts/login/")
    sheet.get_by_role("button", name="Sign in with a passkey").click()
    sheet.wait_for_url("**/")
    expect(sheet.get_by_role("heading", level=1)).to_be_visible()


def test_a_passkey_as_second_factor(sheet: Page, person: User) -> None:
    sign_in(sheet, person)
    add_passkey(sheet)
    sign_out(sheet)
    sign_in(sheet, person)
    expect(sheet.get_by_role("heading", level=1)).to_have_text("Enter your code")
    sheet.get_by_role("button", name="Use a passkey").click()
    sheet.wait_for_url("**/")


def test_a_role_that_requires_a_passkey(settings: Any, sheet: Page, person: User) -> None:
    settings.PASSKEY_ROLES = ["administrator"]
    sign_in(sheet, person)
    expect(sheet.get_by_text("Your role requires a passkey.")).to_be_visible()
    add_passkey(sheet, then="Confirm your identity")
    sheet.goto("/sites/")
    expect(sheet.get_by_role("heading", level=1)).to_have_text("Confirm your identity")
    sheet.get_by_role("button", name="Use a passkey").click()
    expect(sheet.get_by_role("heading", level=1)).to_have_text("Sites")


def test_a_passkey_without_user_verification_is_rejected(
    open_context: Callable[..., BrowserContext], sheet: Page, person: User, named: str
) -> None:
    """A stolen security key without fingerprint or PIN: the sign-in fails with an error on the page."""
    sign_in(sheet, person)
    add_passkey(sheet)
    thief = open_context(base_url=named).new_page()
    add_authenticator(thief, verifies=False)
    thief.goto("/accounts/login/")
    thief.get_by_role("button", name="Sign in with a passkey").click()
    expect(thief.locator("[data-passkey-error]")).to_be_visible(timeout=90_000)
    assert thief.goto("/sites/").url.endswith("/accounts/login/?next=/sites/")  # type: ignore[union-attr]


def test_in_the_browser_sheet_of_an_app(sheet: Page, person: User, make_site: Callable[..., Site], named: str) -> None:
    """The app opens the authorization endpoint, the person uses a passkey and allows; all in one window."""
    sign_in(sheet, person)
    add_passkey(sheet)
    sign_out(sheet)
    base_url = f"{django_settings.PUBLIC_URL}/at/pilot"
    site = make_site(slug="pilot", provider=Provider.GATEPASS, product=Product.CONFLUENCE, base_url=base_url)
    client_id = register_client(name="Pilot", redirect_uri=REDIRECT_URI)
    ApplicationLink.objects.create(site=site, client_id=client_id, redirect_url=REDIRECT_URI, created_at=timezone.now())
    query = {
        "response_type": "code", "client_id": client_id, "redirect_uri": REDIRECT_URI, "scope": "WRITE", "state": "s",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    sheet.goto(f"/at/{site.slug}/rest/oauth2/latest/authorize?{urlencode(query)}")
    sheet.get_by_role("button", name="Sign in with a passkey").click()
    allow = sheet.get_by_role("button", name="Allow")
    expect(allow).to_be_visible()
    with sheet.expect_request(lambda request: request.url.startswith("confluence-server:")) as sent:
        allow.click()
    answer = dict(parse_qsl(urlsplit(sent.value.url).query))
    assert answer["state"] == "s"
    assert answer["code"]
    assert len(sheet.context.pages) == 1
