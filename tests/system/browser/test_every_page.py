"""Every page in Chromium, light and dark, at 1280 and at 320 px: accessible, no sideways scrolling, a silent console.

A page is loaded once and looked at three times:

- light, at a desk: every rule of axe;
- dark: the rules that read colors. The scheme changes nothing else, because it changes tokens only;
- dark, 320 px wide: the rules that read sizes or colors, the width of the page, and every rule on what is shown at this
  width only, such as the button of the menu. The other rules read the document, which is the same at every width.

``SCREENSHOTS=folder`` keeps a picture of each; the one in the README is made so (docs/images/overview.png).
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
# A color on its way to another would be measured: one that is inherited starts when its parent's ends.
AT_REST = "*, ::before, ::after { transition: none !important; animation: none !important; }"
REMEMBER_WHAT_IS_SHOWN = """() => {
    window.shownBefore = new WeakSet([...document.querySelectorAll("*")].filter(one => one.checkVisibility()));
}"""
CHECK_WHAT_APPEARED = """rules => {
    const appeared = [...document.querySelectorAll("*")].filter(
        one => one.checkVisibility() && !window.shownBefore.has(one));
    const outermost = appeared.filter(one => !appeared.includes(one.parentElement));
    return outermost.length ? axe.run({include: outermost}, rules) : {violations: []};
}"""
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140 Mobile Safari/537.36"
SCREENSHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture
def pages(administrator: User, member: User) -> Iterator[Pages]:
    """In a thread of its own: Playwright's loop runs in this one, and a check run brings its own."""

    def filled(fleet: SimulatedFleet) -> Pages:
        try:
            return create_example_data(administrator, member, fleet)
        finally:
            connection.close()

    with SimulatedFleet(DEMO) as fleet, ThreadPoolExecutor(1) as other_thread:
        yield other_thread.submit(filled, fleet).result()


class PageCheck:
    """One page that stays open while it is looked at; ``faults`` is what is wrong, a line each."""

    def __init__(self, context: BrowserContext, name: str, path: str) -> None:
        self.page, self.name, self.path = context.new_page(), name, path
        self.problems: list[str] = []
        self.page.on("console", lambda message: self.on_message(message.type, message.text))
        self.page.on("pageerror", lambda error: self.on_message("error", str(error)))
        response = self.page.goto(path)
        if response is None or response.status != 200:
            self.problems.append(f"{path}: answered {response.status if response else 'nothing'}")
        self.page.add_style_tag(content=AT_REST)
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
        self.page.evaluate(REMEMBER_WHAT_IS_SHOWN)
        self.page.set_viewport_size({"width": 320, "height": 900})
        self.check("dark", READ_COLORS + READ_SIZES)
        self.report(CHECK_WHAT_APPEARED, TAGS)

    def check(self, scheme: str, rules: list[str]) -> None:
        width = self.page.viewport_size["width"]  # type: ignore[index]
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            self.problems.append(f"{self.path}: {wide} px wide at {width} px")
        self.report("options => axe.run(document, options)", rules)
        if SCREENSHOTS:
            folder = Path(SCREENSHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{self.name}-{scheme}-{width}.png", full_page=True)

    def report(self, script: str, rules: list[str]) -> None:
        """Run the rules, named by their tags or ids."""
        found = self.page.evaluate(script, {"runOnly": rules, "resultTypes": ["violations"]})
        for violation in found["violations"]:
            where = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
            self.problems.append(f"{self.path}: {violation['id']}: {violation['help']} at {where}")

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
