"""The application link in Chromium: the checklist, all errors at once, and the test of the client ID to its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, Page, expect

from portal.models import User
from rollout.models import ApplicationLink, CheckRun, Site
from rollout.services import links, sites
from rollout.simulator.fleet import SimulatedFleet
from rollout.simulator.table import DEMO
from tests.support.browser_look import look
from tests.support.check_runs import run_queued_checks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REDIRECT = "confluence-server://oauth-callback"


@pytest.fixture
def work() -> Iterator[Callable[..., Any]]:
    """``work(function, *arguments)`` in another thread: Playwright's event loop occupies this one."""

    def closing(function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        yield lambda function, *arguments: thread.submit(closing, function, *arguments).result()


@pytest.fixture
def simulated(administrator: User, work: Callable[..., Any]) -> Iterator[Site]:
    """A simulated Confluence that is ready for the MDM setup, without an application link."""
    with SimulatedFleet(DEMO) as fleet:

        def add() -> Site:
            chosen = DEMO["ready-non-mdm"]
            return sites.create_site(
                actor=administrator,
                title="Training Center",
                product=chosen.product,
                base_url=fleet.base_url("ready-non-mdm"),
                people=275,
                oauth_plugin_version=chosen.oauth_plugin or "",
                mobile_plugin_version=chosen.mobile_plugin or "",
            )

        site = work(add)
        work(run_queued_checks)
        yield site


@pytest.fixture
def page(open_context: Callable[..., BrowserContext], sign_in: Any, administrator: User) -> Page:
    context = open_context(color_scheme="light", reduced_motion="reduce", bypass_csp=True)
    sign_in(context, administrator)
    return context.new_page()


@pytest.fixture
def plain(open_context: Callable[..., BrowserContext], sign_in: Any, administrator: User) -> Page:
    """A page in the size of a phone, without JavaScript."""
    context = open_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    sign_in(context, administrator)
    return context.new_page()


def test_it_works_from_the_checklist_to_the_result(page: Page, simulated: Site, work: Callable[..., Any]) -> None:
    page.goto(f"/sites/{simulated.pk}/")
    page.goto(f"/sites/{simulated.pk}/link/")
    deep = page.get_by_role("link", name=re.compile(r"^Open on 127\.0\.0\.1"))
    expect(deep).to_have_attribute("href", f"{simulated.base_url}/plugins/servlet/applinks/listApplicationLinks")
    expect(deep).to_have_attribute("target", "_blank")
    expect(deep).to_have_attribute("rel", "noopener noreferrer")
    expect(page.get_by_label("Redirect URL", exact=True)).to_have_value(REDIRECT)
    look(page, "checklist")
    for step in (1, 2, 3):
        page.get_by_label(f"Step {step} is done").check()
    page.get_by_label("Paste the client ID").fill(f"Client secret: {REDIRECT} “")
    page.get_by_role("button", name="Save link").click()
    box = page.get_by_label("Paste the client ID")
    for reason in ("no spaces", "Remove “", "This is the redirect URL", "contains the client secret"):
        expect(box).to_have_accessible_description(re.compile(reason))
    expect(box).to_be_focused()
    expect(box).to_have_value(f"Client secret: {REDIRECT} “")
    for step in (1, 2, 3):
        expect(page.get_by_label(f"Step {step} is done")).to_be_checked()
    look(page, "errors")
    page.get_by_label("Paste the client ID").fill("9be0d27714f84c06a3")
    page.get_by_role("button", name="Save link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Application link")
    expect(page.get_by_role("textbox", name="Client ID")).to_have_value("9be0d27714f84c06a3")
    look(page, "saved")
    page.get_by_role("button", name="Test the client ID").click()
    test = page.locator("#link-test")
    expect(test).to_contain_text("Gatepass is checking 127.0.0.1")
    look(page, "testing")
    work(run_queued_checks)
    expect(test).to_contain_text("What this check proved")  # without a reload
    expect(test).to_contain_text("The authorization endpoint responds.")
    expect(test).to_contain_text("What only a sign-in can prove")
    expect(page.locator("#link-test .waiting")).to_have_count(0)
    look(page, "tested")
    page.get_by_role("button", name="Test sign-in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign-in test")


def test_without_javascript(plain: Page, simulated: Site, work: Callable[..., Any]) -> None:
    plain.goto(f"/sites/{simulated.pk}/link/")
    plain.locator("label.check-mark").first.click()
    expect(plain.get_by_label("Step 1 is done")).to_be_checked()
    plain.get_by_label("Paste the client ID").fill("two words “")
    plain.get_by_role("button", name="Save link").click()
    box = plain.get_by_label("Paste the client ID")
    for reason in ("no spaces", "Remove “"):
        expect(box).to_have_accessible_description(re.compile(reason))
    expect(box).to_be_focused()
    expect(box).to_have_value("two words “")
    expect(plain.get_by_label("Step 1 is done")).to_be_checked()
    plain.get_by_label("Paste the client ID").fill("abc123")
    plain.get_by_role("button", name="Save link").click()
    plain.get_by_role("button", name="Test the client ID").click()
    expect(plain.locator("#link-test")).to_contain_text("Gatepass is checking")
    work(run_queued_checks)
    expect(plain.locator("#link-test")).to_contain_text("What this check proved")  # the page reloads by itself
    assert CheckRun.objects.filter(site=simulated).count() == 2


def test_a_doubtful_client_id_is_confirmed(page: Page, simulated: Site, administrator: User, make_site: Any) -> None:
    other = make_site(title="Old training wiki", base_url="https://training-old.example.com")
    links.create_link(actor=administrator, site=other, redirect_url=REDIRECT, client_id="abc123")
    page.goto(f"/sites/{simulated.pk}/link/")
    page.get_by_label("Paste the client ID").fill("abc123")
    page.get_by_role("button", name="Save link").click()
    expect(page.locator(".errors")).to_contain_text("Old training wiki has the same client ID")
    look(page, "doubt")
    page.get_by_label("I have checked it").check()
    page.get_by_role("button", name="Save link").click()
    expect(page.locator("#link-test")).to_contain_text("Old training wiki has the same client ID")
    assert ApplicationLink.objects.filter(client_id="abc123").count() == 2
    page.get_by_role("link", name="Rotate client ID").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rotate client ID")
    look(page, "rotate")
