"""Every page in Chromium, light and dark, at a desk and at 320 px: accessible, no sideways scrolling, a silent console.

``SCREENSHOTS=folder`` keeps a picture of each; the one in the README is made so (docs/images/overview.png).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, Page

from portal.models import User
from rollout.simulator.fleet import PersonaFleet
from rollout.simulator.table import DEMO
from tests.support.browser import IPHONE
from tests.support.fleet_of_pages import Pages, fill

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = next((Path(__file__).parent / "vendor").glob("axe-core-*.min.js"))
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SCREENSHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture(scope="session")
def personas() -> Iterator[PersonaFleet]:
    with PersonaFleet(DEMO) as fleet:
        yield fleet


@pytest.fixture
def pages(administrator: User, member: User, personas: PersonaFleet) -> Pages:
    """In a thread of its own: Playwright's loop runs in this one, and a check run brings its own."""

    def filled() -> Pages:
        try:
            return fill(administrator, member, personas)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other_thread:
        return other_thread.submit(filled).result()


def faults_of(page: Page, path: str, width: int) -> list[str]:
    """What is wrong with a page, a line each; nothing when all is well."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    response = page.goto(path)
    faults = [f"{path}: console: {text}" for text in said]
    if response is None or response.status != 200:
        faults.append(f"{path}: answered {response.status if response else 'nothing'}")
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        faults.append(f"{path}: {wide} px wide at {width} px")
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    for violation in found["violations"]:
        where = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
        faults.append(f"{path}: {violation['id']}: {violation['help']} at {where}")
    return faults


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("dark", 320)])
def test_the_dashboard(
    pages: Pages,
    open_context: Callable[..., BrowserContext],
    sign_in: Callable[[BrowserContext, User], None],
    administrator: User,
    scheme: str,
    width: int,
) -> None:
    context = open_context(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce",
                           bypass_csp=True)  # fmt: skip
    sign_in(context, administrator)
    faults: list[str] = []
    for name, path in pages.paths.items():
        page = context.new_page()
        faults += faults_of(page, path, width)
        keep(page, f"{name}-{scheme}-{width}")
        page.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["iphone", "android", "desktop"])
def test_what_a_phone_sees(pages: Pages, open_context: Callable[..., BrowserContext], scheme: str, device: str) -> None:
    agents = {"iphone": IPHONE, "android": "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140 Mobile Safari/537.36"}
    context = open_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, user_agent=agents.get(device),
                           bypass_csp=True)  # fmt: skip
    faults: list[str] = []
    for name, path in {"landing": f"/e/{pages.token}", "sign-in": "/accounts/login/"}.items():
        page = context.new_page()
        faults += faults_of(page, path, 390)
        keep(page, f"{name}-{device}-{scheme}-390")
        page.close()
    assert not faults, "\n".join(faults)


def keep(page: Page, name: str) -> None:
    if SCREENSHOTS:
        folder = Path(SCREENSHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)
