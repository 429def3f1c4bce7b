"""An inventory is imported and read in Chromium, with and without JavaScript, and plugin versions are read by token.

``SCREENSHOTS=directory`` saves a picture of each page, light and dark, 1280 and 390 px wide.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.models import User
from tests.support.inventory_imports import read_waiting
from tests.support.paths import ROOT
from tests.support.plugin_manager import TOKEN, Manager

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CASES = ROOT / "tests" / "cases" / "inventories"
SCREENSHOTS = os.environ.get("SCREENSHOTS")
Sign = Callable[[BrowserContext, User], None]


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def page(request: pytest.FixtureRequest, open_context: Callable[..., BrowserContext], sign_in: Sign,
         administrator: User) -> Page:  # fmt: skip
    context = open_context(java_script_enabled=request.param, reduced_motion="reduce")
    sign_in(context, administrator)
    return context.new_page()


@pytest.fixture
def manager() -> Iterator[Manager]:
    server = Manager()
    yield server
    server.stop()


def upload(page: Page, file: Path) -> None:
    page.goto("/app-versions/import/")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    read_waiting()
    expect(page.get_by_text("Waiting for a worker")).to_be_hidden(timeout=10_000)  # without a reload


def look(page: Page, name: str) -> None:
    """Check that the page does not scroll sideways at 320 px, and save pictures of it."""
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        content = page.evaluate("document.documentElement.scrollWidth")
        assert content <= width, f"{name}: {content} px wide at {width} px"
        for scheme in ("light", "dark") if SCREENSHOTS and width > 320 else ():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=Path(SCREENSHOTS or "") / f"{name}-{scheme}-{width}.png", full_page=True)


def test_phones_without_the_app_are_shown_apart(page: Page) -> None:
    upload(page, CASES / "intune-install-status.csv")
    expect(page.get_by_text("(2 too old, 1 of unknown version)")).to_be_visible()
    expect(page.get_by_text("1 that repeat a phone")).to_be_visible()
    page.get_by_role("link", name="View app versions").click()
    look(page, "app-versions")
    page.get_by_role("link", name="2 more phones do not have the app").click()
    expect(page.locator("tbody th")).to_have_text(["Ward 2 (dev-02)", "Ward 3 (dev-03)"])
    expect(page.locator("tbody .badge")).to_have_text(["Not installed"] * 2)
    look(page, "app-versions-phones")
    page.get_by_role("link", name="Unknown version", exact=False).first.click()
    expect(page.locator("tbody th")).to_have_text(["Ward 5 (dev-05)"])


def test_the_report_names_what_was_not_understood(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "report.csv"
    file.write_text("Device name,App version,App status\nAda,2.0,Asennettu\nBob,1.9,Installed\n,2.0,Installed\n")
    upload(page, file)
    expect(page.get_by_role("heading", name="Imported, 1 line skipped")).to_be_visible()
    expect(page.get_by_text("counts their phones as unknown: Asennettu.")).to_be_visible()
    expect(page.get_by_text("Device name, App version, App status")).to_be_visible()
    look(page, "import-report")


def test_a_refused_file_is_told_why(page: Page) -> None:
    upload(page, CASES / "refused-devices-only.csv")
    message = re.compile(r"may be the system's.*Columns in the file: Device name, Serial number, Model, OS, Version")
    expect(page.get_by_text(message).first).to_be_visible()
    look(page, "import-refused")


def test_plugin_versions(page: Page, manager: Manager, make_site: Callable[..., object], administrator: User) -> None:
    site = make_site([administrator], title="Wiki", base_url=f"{manager.url}/wiki")
    page.goto(f"/sites/{site.pk}/checks/")  # type: ignore[attr-defined]
    links = page.locator(f'a[href="{site.base_url}/plugins/servlet/upm"]:visible')  # type: ignore[attr-defined]
    expect(links.first).to_have_attribute("target", "_blank")
    expect(links.first).to_have_attribute("rel", re.compile("noopener"))
    manager.status = "406 Not Acceptable"
    for message in ("in a format that Gatepass reads (HTTP 406)", ""):
        if not page.get_by_label("Personal access token").is_visible():
            page.get_by_text("Read with a personal access token").click()
        page.get_by_label("Personal access token").fill(TOKEN)
        page.get_by_role("button", name="Read versions").click()
        if message:
            expect(page.get_by_text(message).first).to_be_visible()
            look(page, "plugins-refused")
        manager.status = "200 OK"
    expect(page.get_by_text("Read from the plugin manager")).to_be_visible()
    expect(page.get_by_text("19.1.47").first).to_be_visible()
