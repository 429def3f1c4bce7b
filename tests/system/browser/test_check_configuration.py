"""Checking a configuration in a browser: a pasted text and a file, without JavaScript, on a phone and a desktop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.models import User
from tests.support.site_lists import DICT, LINT_CASES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[390, 1280])
def page(open_context: Callable[..., BrowserContext], sign_in: Any, administrator: User, request: Any) -> Page:
    context = open_context(java_script_enabled=False, viewport={"width": request.param, "height": 844})
    sign_in(context, administrator)
    opened = context.new_page()
    opened.goto("/configurations/lint/")
    return opened


def test_it_works(page: Page) -> None:
    text = DICT.replace('"Wiki"', "'Wiki'").replace("</dict>", "<key>faceID</key><true/></dict>")
    page.get_by_label("App configuration").fill(text)
    page.get_by_role("button", name="Check configuration").click()
    expect(page.get_by_text("not usable as it stands: 1 finding.")).to_be_visible()
    expect(page.get_by_text("line 3, column 23, entry 1")).to_be_visible()
    expect(page.get_by_text("faceID", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Changes of the repair")).to_contain_text("'Wiki'")
    repaired = page.get_by_role("textbox", name="Value of the key sites").input_value()
    page.get_by_label("App configuration").fill(repaired)
    page.get_by_role("button", name="Check configuration").click()
    expect(page.get_by_text("The configuration is usable. No findings.")).to_be_visible()


def test_a_file_is_checked_and_nothing_is_wider_than_the_page(page: Page) -> None:
    page.get_by_label("Or a file").set_input_files(LINT_CASES / "mobileconfig_profile.xml")
    page.get_by_role("button", name="Check configuration").click()
    expect(page.get_by_text("This is a configuration profile")).to_be_visible()
    main = page.locator("main").bounding_box() or {}
    for element in page.locator("main .card, main .note, main .facts").all():
        box = element.bounding_box() or {}
        assert box["x"] + box["width"] <= main["x"] + main["width"] + 1
