"""Fixtures for Chromium with the viewport of a desktop or an iPhone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from portal.models import User

SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1"
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium of the system, shared by a module; each test opens its own contexts.

    It is not shared by the whole run, because Playwright's event loop occupies this thread while it is open, and other
    tests start their own loop.
    """
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.fail("Chromium is missing. On Debian: apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def open_context(chromium: Browser, live_server: Any) -> Iterator[Callable[..., BrowserContext]]:
    """``open_context(**options) -> BrowserContext`` on the live server, closed after the test."""
    opened: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = chromium.new_context(
            **{"base_url": live_server.url, "viewport": {"width": 1280, "height": 900}, **options}
        )
        context.set_default_timeout(15_000)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def desk(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    return open_context()


@pytest.fixture
def iphone(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    return open_context(
        viewport={"width": 390, "height": 844}, user_agent=IPHONE, has_touch=True, is_mobile=True, device_scale_factor=2
    )


@pytest.fixture
def sign_in(client_of: Callable[[User], Client], live_server: Any) -> Callable[[BrowserContext, User], None]:
    """``sign_in(context, user)`` by cookie, for tests that do not test the form."""

    def add_cookie(context: BrowserContext, user: User) -> None:
        cookie = client_of(user).cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])

    return add_cookie


def add_authenticator(page: Page, *, verifies: bool = True) -> CDPSession:
    """Give the page a built-in authenticator for passkeys, with or without a fingerprint or PIN."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": verifies, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session
