"""Keyboard use: the skip link, a visible focus, the menu on a phone, and the first error of a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(open_context: Callable[..., BrowserContext], sign_in: Any, administrator: User) -> Page:
    context = open_context(viewport={"width": 390, "height": 844})
    sign_in(context, administrator)
    return context.new_page()


def outline(page: Page) -> str:
    width: str = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    return width


def test_the_first_tab_stop_skips_the_navigation(page: Page) -> None:
    page.goto("/sites/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert outline(page) == "2px"


def test_the_menu_on_a_phone_opens_closes_and_navigates(page: Page) -> None:
    page.goto("/sites/")
    menu = page.locator(".nav-menu")
    page.locator(".nav-menu > summary").focus()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(page.locator(".nav-menu > summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link", name="Overview")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_focus_moves_to_the_errors_and_then_to_the_field(page: Page) -> None:
    page.goto("/sites/new/?provider=gatepass")
    page.get_by_label("Title").press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title")).to_be_focused()
