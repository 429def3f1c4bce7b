"""Theme switch and system preference in Chromium: which one applies, and that the colors follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CANVAS = {"light": "rgb(246, 246, 244)", "dark": "rgb(15, 16, 17)"}


def test_the_switch_overrides_the_system(open_context: Callable[..., BrowserContext], live_server: Any) -> None:
    actual, expected = {}, {}
    for scheme in ("light", "dark"):
        for theme in ("auto", "light", "dark"):
            context = open_context(color_scheme=scheme)
            context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
            page = context.new_page()
            page.goto("/accounts/login/")
            actual[scheme, theme] = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
            expected[scheme, theme] = CANVAS[scheme if theme == "auto" else theme]
    assert actual == expected
