"""A trial's address works for passkeys: from the printed link to a sign-in without a password, in Chromium."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.support.browser import add_authenticator
from tests.support.trial import Trial, until

pytestmark = pytest.mark.browser


def test_it_works_from_the_printed_link(chromium: Browser, tmp_path: Path) -> None:
    """The page is opened at 127.0.0.1, as people used to, and the web server listens on that address only."""
    trial = Trial(tmp_path)
    trial.environment["DEMO"] = "0"
    with trial.start():
        link = until(lambda: re.search(r"Sign in as .*: (http://localhost:\S+)", trial.said()), "the link", trial)
        path = urlsplit(link[1]).path
        page = chromium.new_context().new_page()
        page.set_default_timeout(15_000)
        add_authenticator(page)
        page.goto(f"http://127.0.0.1:{trial.port}{path}")
        assert page.url == link[1]
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"http://localhost:{trial.port}/accounts/2fa/webauthn/add/")
        page.get_by_role("textbox", name="Name").fill("Built-in")
        page.get_by_role("button", name="Add").click()
        page.wait_for_url("**recovery-codes**")

        page.context.clear_cookies()
        page.goto(f"http://127.0.0.1:{trial.port}/accounts/login/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(f"http://localhost:{trial.port}/")
        page.context.close()
