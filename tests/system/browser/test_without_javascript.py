"""The main job without JavaScript: pages work with links and forms, and nothing depends on a script to be visible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.models import User
from rollout.models import ApplicationLink, EnrollmentPass, Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def plain(open_context: Callable[..., BrowserContext], sign_in: Any, administrator: User) -> Page:
    """Page of the administrator in the size of a phone, without JavaScript."""
    context = open_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    sign_in(context, administrator)
    return context.new_page()


def test_it_works_from_a_site_to_a_pass(plain: Page) -> None:
    add_a_site(plain)
    create_the_link(plain)
    issue_a_pass(plain)


def add_a_site(page: Page) -> None:
    page.goto("/sites/new/?provider=gatepass")
    page.get_by_label("Title").fill("Pilot wiki")
    page.get_by_label("Path name").fill("pilot")
    page.get_by_role("button", name="Add site").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Pilot wiki")


def create_the_link(page: Page) -> None:
    page.goto(f"/sites/{page.url.rstrip('/').rpartition('/')[2]}/link/")
    page.get_by_role("button", name="Create link").click()
    expect(page.get_by_role("textbox", name="Client ID")).to_have_value(ApplicationLink.objects.get().client_id)


def issue_a_pass(page: Page) -> None:
    page.goto(f"/passes/new/?site={Site.objects.get().pk}")
    page.get_by_label("A group, or a person without an account").check()
    page.locator("input[name=label]").fill("Reception")
    page.get_by_role("button", name="Issue pass").click()
    expect(page.get_by_role("img", name="QR")).to_be_visible()
    assert EnrollmentPass.objects.get().label == "Reception"


def test_a_rejected_form_shows_the_errors_and_keeps_the_input(plain: Page) -> None:
    plain.goto("/sites/new/")
    plain.get_by_role("textbox", name="Site URL").fill("ftp://wiki.example.com")
    plain.get_by_role("button", name="Add site").click()
    expect(plain.get_by_role("alert")).to_contain_text("Correct one problem")
    expect(plain.get_by_role("textbox", name="Site URL")).to_have_value("ftp://wiki.example.com")
    assert not Site.objects.exists()


def test_the_menu_and_the_theme_switch(plain: Page) -> None:
    plain.goto("/sites/")
    plain.locator(".nav-menu > summary").click()
    plain.locator(".nav-sheet").get_by_role("button", name="Dark").click()
    expect(plain.locator("html")).to_have_attribute("data-theme", "dark")
    assert plain.url.endswith("/sites/")
    plain.locator(".nav-menu > summary").click()
    plain.locator(".nav-sheet").get_by_role("link", name="Passes", exact=True).click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Passes")


def test_a_dangerous_action_shows_its_impact_first(plain: Page) -> None:
    add_a_site(plain)
    plain.locator("#more-actions-button").click()
    plain.locator("summary", has_text="Archive").click()
    expect(plain.get_by_text("lose this site")).to_be_visible()
    plain.get_by_role("button", name="Archive site").click()
    assert Site.objects.get().archived_at is not None
