"""The consent page in a real browser: its strict content security policy still allows the redirect to the app."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from portal.models import User

pytestmark = pytest.mark.browser
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture
def page(live_server: Any, phone: Any, member: User, client_of: Callable[[User], Client]) -> Iterator[Page]:
    """A page on a phone's screen, with the member signed in. Rows are created before Playwright's event loop."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("Chromium is missing: apt-get install chromium.")
    cookie = client_of(member).cookies[settings.SESSION_COOKIE_NAME]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        context.set_default_timeout(10_000)
        yield context.new_page()
        browser.close()


@pytest.mark.rfc("6749", "4.1.2")
@pytest.mark.parametrize(("button", "outcome"), [("Allow", "code="), ("Cancel", "error=access_denied")])
def test_it_works(page: Page, live_server: Any, phone: Any, button: str, outcome: str) -> None:
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text))
    page.goto(live_server.url + phone.authorize_url())
    assert (
        page.get_by_role("heading", level=1).inner_text()
        == "Allow the Confluence Data Center app to access Wiki rehearsal?"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    # No app on this machine handles the scheme, so the navigation fails; the test only needs the attempt.
    with page.expect_event("requestfailed", lambda request: request.url.startswith("confluence-server:")) as left:
        page.get_by_role("button", name=button).click(no_wait_after=True)
    assert left.value.url.startswith("confluence-server://oauth-callback?")
    assert outcome in left.value.url
    assert console == []
