"""Every page in Chromium, light and dark, 1280 and 320 px wide: accessible, no horizontal scrolling, no console errors.

Each page is loaded once and checked three times:

- light, 1280 px: all rules of axe;
- dark: the rules that depend on colors, because the color scheme changes only the color tokens;
- dark, 320 px: the rules that depend on sizes or colors, the width of the page, and all rules for elements that are
  visible only at this width, such as the menu button. The other rules depend on the document, which does not change.

``SCREENSHOTS=directory`` saves a screenshot of each page; docs/images/overview.png in the README is one of them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext

from portal.models import User
from rollout.simulator.fleet import SimulatedFleet
from rollout.simulator.table import DEMO
from tests.support.browser import IPHONE
from tests.support.example_pages import Pages, create_example_data

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = next((Path(__file__).parent / "vendor").glob("axe-core-*.min.js")).read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
READ_COLORS = ["color-contrast", "link-in-text-block"]
READ_SIZES = ["target-size", "scrollable-region-focusable"]
# Without this, axe could measure a color in the middle of a transition.
NO_TRANSITIONS = "*, ::before, ::after { transition: none !important; animation: none !important; }"
STORE_VISIBLE_ELEMENTS = """() => {
    window.shownBefore = new WeakSet([...document.querySelectorAll("*")].filter(one => one.checkVisibility()));
}"""
CHECK_NEW_ELEMENTS = """rules => {
    const appeared = [...document.querySelectorAll("*")].filter(
        one => one.checkVisibility() && !window.shownBefore.has(one));
    const outermost = appeared.filter(one => !appeared.includes(one.parentElement));
    return outermost.length ? axe.run({include: outermost}, rules) : {violations: []};
}"""
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140 Mobile Safari/537.36"
SCREENSHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture
def pages(administrator: User, member: User) -> Iterator[Pages]:
    """Example data, created in another thread: Playwright's event loop occupies this one, and checks start one."""

    def filled(fleet: SimulatedFleet) -> Pages:
        try:
            return create_example_data(administrator, member, fleet)
        finally:
            connection.close()

    with SimulatedFleet(DEMO) as fleet, ThreadPoolExecutor(1) as other_thread:
        yield other_thread.submit(filled, fleet).result()


class PageCheck:
    """Checks of one open page; ``problems`` has one line per problem."""

    def __init__(self, context: BrowserContext, name: str, path: str) -> None:
        self.page, self.name, self.path = context.new_page(), name, path
        self.problems: list[str] = []
        self.page.on("console", lambda message: self.on_message(message.type, message.text))
        self.page.on("pageerror", lambda error: self.on_message("error", str(error)))
        response = self.page.goto(path)
        if response is None or response.status != 200:
            self.problems.append(f"{path}: status {response.status if response else 'missing'}")
        self.page.add_style_tag(content=NO_TRANSITIONS)
        self.page.evaluate(AXE)

    def on_message(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.problems.append(f"{self.path}: console: {text}")

    def light(self) -> None:
        self.check("light", TAGS)

    def dark(self) -> None:
        self.page.emulate_media(color_scheme="dark")
        self.check("dark", READ_COLORS)

    def narrow(self) -> None:
        self.page.evaluate(STORE_VISIBLE_ELEMENTS)
        self.page.set_viewport_size({"width": 320, "height": 900})
        self.check("dark", READ_COLORS + READ_SIZES)
        self.report(CHECK_NEW_ELEMENTS, TAGS)

    def check(self, scheme: str, rules: list[str]) -> None:
        width = self.page.viewport_size["width"]  # type: ignore[index]
        content_width = self.page.evaluate("document.documentElement.scrollWidth")
        if content_width > width:
            self.problems.append(f"{self.path}: {content_width} px wide at {width} px")
        self.report("options => axe.run(document, options)", rules)
        if SCREENSHOTS:
            directory = Path(SCREENSHOTS)
            directory.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=directory / f"{self.name}-{scheme}-{width}.png", full_page=True)

    def report(self, script: str, rules: list[str]) -> None:
        """Run axe with these rules (tags or ids) and add the violations to ``problems``."""
        result = self.page.evaluate(script, {"runOnly": rules, "resultTypes": ["violations"]})
        for violation in result["violations"]:
            targets = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
            self.problems.append(f"{self.path}: {violation['id']}: {violation['help']} at {targets}")

    def close(self) -> None:
        self.page.close()


def test_every_page(
    pages: Pages,
    open_context: Callable[..., BrowserContext],
    sign_in: Callable[[BrowserContext, User], None],
    administrator: User,
    subtests: pytest.Subtests,
) -> None:
    context = open_context(color_scheme="light", reduced_motion="reduce", bypass_csp=True)
    sign_in(context, administrator)
    for name, path in pages.paths.items():
        with subtests.test(page=name), contextlib.closing(PageCheck(context, name, path)) as page_check:
            page_check.light()
            page_check.dark()
            page_check.narrow()
            assert page_check.problems == []
    phones = {"landing": f"/e/{pages.token}", "sign-in": "/accounts/login/"}
    for device, agent in {"iphone": IPHONE, "android": ANDROID, "desktop": None}.items():
        context = open_context(viewport={"width": 390, "height": 844}, user_agent=agent, bypass_csp=True)
        for name, path in phones.items():
            with (
                subtests.test(page=name, device=device),
                contextlib.closing(PageCheck(context, f"{name}-{device}", path)) as page_check,
            ):
                page_check.light()
                page_check.dark()
                assert page_check.problems == []
