"""Passes whose address no phone can open, in Chromium: the live server is such an address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, expect

from portal.models import User
from rollout.models import Site
from tests.support.browser_look import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WARNING = "Phones cannot use this address"


@pytest.fixture
def page(open_context: Callable[..., BrowserContext], sign_in: Any, administrator: User) -> Page:
    context = open_context(color_scheme="light", reduced_motion="reduce", bypass_csp=True)
    sign_in(context, administrator)
    return context.new_page()


def test_it_works_before_and_after_a_pass_is_issued(page: Page, site: Site) -> None:
    page.goto(f"/passes/new/?site={site.pk}")
    expect(page.locator(".note.is-bad")).to_contain_text(WARNING)
    expect(page.locator(".note.is-bad code")).to_have_text(settings.PUBLIC_URL)
    look(page, "pass-reach-create")
    page.get_by_label("A group, or a person without an account").check()
    page.locator("input[name=label]").fill("Reception")
    page.get_by_role("button", name="Issue pass").click()
    expect(page.get_by_role("img", name="QR")).to_be_visible()
    expect(page.locator(".once .note.is-bad")).to_contain_text(WARNING)
    look(page, "pass-reach-once")
    page.get_by_role("link", name="Done").click()
    expect(page.locator(".note.is-bad")).to_contain_text(WARNING)
    page.goto("/waves/new/")
    expect(page.locator(".note.is-bad")).to_contain_text(WARNING)
    look(page, "pass-reach-wave")
