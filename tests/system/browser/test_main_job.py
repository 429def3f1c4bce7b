"""The main job from an empty portal to a signed-in phone, with a worker, Chromium and Authlib as the app.

An administrator works in a desktop browser; the person uses an iPhone.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect

from portal.models import Role, User
from rollout.models import SignIn, Site
from rollout.services.audit_verification import verify_chain

pytestmark = [pytest.mark.browser, pytest.mark.worker, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery staple"
APP = "Confluence/2.0 (iPhone; iOS 18.5) AtlassianMobileApp"


def sign_in_by_form(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def wait_for(page: Page, locate: Callable[[], Locator], seconds: int = 60) -> None:
    """Reload until the element exists, because pages that do not poll show the worker's result after a reload."""
    deadline = time.monotonic() + seconds
    while not locate().count() and time.monotonic() < deadline:
        page.wait_for_timeout(500)
        page.reload()
    expect(locate().first).to_be_visible()


def read_code(code: Locator) -> str:
    """Return the content of a QR code, decoded from a screenshot."""
    (barcode,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.screenshot())))
    return barcode.text


def test_from_an_empty_portal_to_a_signed_in_phone(
    worker: Any, live_server: Any, make_user: Callable[..., User], desk: BrowserContext, iphone: BrowserContext
) -> None:
    make_user(Role.ADMINISTRATOR, "administrator@example.com", PASSWORD)
    make_user(Role.MEMBER, "pilot@example.com", PASSWORD, first_name="Pia", last_name="Pilot")
    page = desk.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto("/")
    sign_in_by_form(page, "administrator@example.com")

    site_url = add_a_site(page)
    client_id = create_the_link(page, site_url)
    entry = build_and_publish(page, site_url)
    assert entry["oauth"] == {"clientID": client_id, "cacheSessionInMobileBrowser": False}
    check_the_sign_in(page, site_url)
    link = issue_a_pass(page)

    phone = iphone.new_page()
    set_up_the_phone(phone, link, entry)
    tokens = sign_the_app_in(iphone.new_page(), entry)
    assert tokens["token_type"].lower() == "bearer"
    assert tokens["expires_in"] == 3600
    phone.get_by_role("button", name="My phone is set up").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("This phone is set up")

    page.goto("/")
    expect(page.get_by_text("Pia Pilot").first).to_be_visible()
    page.goto(site_url)
    expect(page.locator(".steps li", has_text="Rolled out")).to_have_class(re.compile("step-done"))
    # The browser logs the two forms that were rejected on purpose (422) and nothing else.
    assert [problem for problem in problems if "422" not in problem] == []
    assert SignIn.objects.filter(is_rehearsal=False, person__email="pilot@example.com").count() == 1
    assert verify_chain().intact


def add_a_site(page: Page) -> str:
    """Add a site hosted by Gatepass and wait until the worker has evaluated it."""
    page.get_by_role("link", name="Add site").first.click()
    page.get_by_text("This site signs people in through Gatepass").click()
    page.get_by_role("link", name="Add a site hosted by Gatepass").click()
    page.get_by_label("Title").fill("Pilot wiki")
    page.get_by_label("Path name").fill("pilot wiki")
    page.get_by_role("button", name="Add site").click()
    expect(page.get_by_label("Path name")).to_have_attribute("aria-invalid", "true")
    assert not Site.objects.exists()

    page.get_by_label("Path name").fill("pilot-wiki")
    page.get_by_role("button", name="Add site").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Pilot wiki")
    site = Site.objects.get()
    wait_for(page, lambda: page.get_by_text("Phones get the client ID from your MDM."))
    assert urlsplit(page.url).path == f"/sites/{site.pk}/"
    return page.url


def create_the_link(page: Page, site_url: str) -> str:
    """Gatepass creates the client; the page of the link shows its client ID and tests it."""
    page.goto(site_url)
    page.get_by_role("link", name="Create link").first.click()
    page.get_by_role("button", name="Create link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Application link")
    page.get_by_role("button", name="Test the client ID").click()
    wait_for(page, lambda: page.get_by_text("What this check proved", exact=True))
    return page.get_by_label("Client ID", exact=True).first.input_value()


def build_and_publish(page: Page, site_url: str) -> dict[str, Any]:
    """Return the site's entry in the value for the MDM, after publishing release 1."""
    page.get_by_role("link", name="Build configuration").click()
    value = page.get_by_label("Value").first.input_value()
    assert "}}" not in value
    assert "{{" not in value
    (entry,) = json.loads(value)
    page.get_by_role("button", name="Publish release 1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1")
    return entry


def check_the_sign_in(page: Page, site_url: str) -> None:
    page.goto(site_url)
    page.get_by_role("button", name="Test sign-in").first.click()
    wait_for(page, lambda: page.get_by_text(re.compile("passed", re.IGNORECASE)))
    assert page.get_by_text(re.compile(r"\bfailed\b", re.IGNORECASE)).count() == 0


def issue_a_pass(page: Page) -> str:
    page.get_by_role("link", name="Passes").first.click()
    page.get_by_role("link", name="Issue pass").first.click()
    page.get_by_label("A group").check()
    page.get_by_label("Name of the pass").fill("Field team")
    page.get_by_label("Pilot wiki").check()
    page.get_by_role("button", name="Issue pass").click()
    link = page.get_by_label("Link").first.input_value()
    assert read_code(page.locator(".qr")).lower() == link.lower()
    return link


def set_up_the_phone(phone: Page, link: str, entry: dict[str, Any]) -> None:
    """Check the three steps, the URL of the site to copy, and that the page does not scroll horizontally."""
    phone.goto(scanned_link(link))
    for step in ("Install Confluence Data Center", "Choose the site", "Sign in"):
        expect(phone.get_by_role("heading", name=step, exact=True)).to_be_visible()
    assert phone.locator("input[readonly], textarea[readonly]").first.input_value() == entry["baseURL"]
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def scanned_link(link: str) -> str:
    """Return the link in the upper case that a QR code may use."""
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}{parts.path.upper()}"


def sign_the_app_in(sheet: Page, entry: dict[str, Any]) -> dict[str, Any]:
    """Sign in with Authlib as the app and ``sheet`` as its browser sheet; return the tokens after one refresh."""
    endpoints = entry["baseURL"] + "/rest/oauth2/latest"
    app = OAuth2Session(
        entry["oauth"]["clientID"],
        redirect_uri="confluence-server://oauth-callback",
        scope="WRITE",
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )
    app.headers["User-Agent"] = APP
    verifier = generate_token(64)
    url, state = app.create_authorization_url(f"{endpoints}/authorize", code_verifier=verifier)
    sheet.goto(url)
    sign_in_by_form(sheet, "pilot@example.com")
    expect(sheet.get_by_role("heading", level=1)).to_contain_text("Pilot wiki")
    with sheet.expect_event("requestfailed", lambda request: request.url.startswith("confluence-server:")) as left:
        sheet.get_by_role("button", name="Allow").click(no_wait_after=True)
    callback = left.value.url
    assert parse_qs(urlsplit(callback).query)["iss"] == [entry["baseURL"]]
    first = app.fetch_token(f"{endpoints}/token", authorization_response=callback, code_verifier=verifier, state=state)
    second = app.refresh_token(f"{endpoints}/token", refresh_token=first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    return dict(second)
