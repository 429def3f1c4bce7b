"""A site's page in the browser: a check watched to its end, with and without JavaScript, and the simulated sites."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from portal.models import User
from rollout.models import CheckRun, Site
from rollout.services import sites
from rollout.services.checks import check_runs
from rollout.simulator.fleet import SimulatedFleet
from rollout.simulator.table import DEMO
from tests.support.check_runs import run_queued_checks
from tests.support.evaluated import WITH_PLUGINS, evaluate
from tests.support.sentences import repeated

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[BrowserContext, User], None]
MAX_HEIGHT = 1400


@pytest.fixture
def wiki(make_site: Any) -> Site:
    """A site whose last check found an old version, with a new check waiting."""
    site: Site = make_site(title="Wiki", **WITH_PLUGINS)
    evaluate(site, "old")
    check_runs.request_check(site=site, actor=None, trigger=CheckRun.Trigger.BUTTON)
    return site


def start_run() -> None:
    CheckRun.objects.filter(state="queued").update(state="running", started_at=timezone.now(), lease="test")


def status(page: Page, setup: str) -> Any:
    return page.locator(f"#{setup} .card-head .badge")


def test_a_check_is_watched_to_its_end(
    open_context: Callable[..., BrowserContext], sign_in: SignIn, administrator: User, wiki: Site
) -> None:
    """The status, the steps, the findings and the head change together; nothing that was opened closes."""
    context = open_context(viewport={"width": 1280, "height": 500})
    sign_in(context, administrator)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"/sites/{wiki.pk}/")
    expect(page.locator("#checking")).to_contain_text("Waiting for a worker")
    expect(page.locator(".step").first).to_contain_text("Checking")
    expect(status(page, "mdm")).to_have_text("Incompatible")
    expect(page.locator("#mdm")).to_contain_text("last result")

    start_run()
    expect(page.locator("#site-announcement")).to_have_text("The check is running.")
    expect(page.locator("#checking")).to_contain_text("0 of 6")

    page.locator("#mdm-passed-summary").click()
    page.locator("#mdm-passed-summary").focus()
    page.evaluate("window.scrollTo(0, 250)")
    scrolled = page.evaluate("window.scrollY")
    assert scrolled > 0

    evaluate(wiki)
    expect(page.locator("#site-announcement")).to_have_text(
        "The check has ended. MDM setup: Ready. Non-MDM setup: Ready."
    )
    expect(page.locator("#checking")).to_have_count(0)
    expect(status(page, "mdm")).to_have_text("Ready")
    expect(status(page, "non_mdm")).to_have_text("Ready")
    expect(page.get_by_text("last result")).to_have_count(0)
    expect(page.locator(".step").first).to_have_class("step step-done")
    expect(page.locator("#site-head")).to_contain_text("Confluence 9.2.1")
    expect(page.locator("#site-head")).to_contain_text("Checked just now")
    expect(page.locator("#mdm-passed")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.id") == "mdm-passed-summary"
    assert page.evaluate("window.scrollY") == scrolled
    assert errors == []


def test_the_focus_stays_in_the_content_if_its_element_is_folded_away(
    desk: BrowserContext, sign_in: SignIn, administrator: User, wiki: Site
) -> None:
    sign_in(desk, administrator)
    page = desk.new_page()
    page.goto(f"/sites/{wiki.pk}/")
    page.locator("#evidence-rule-confluence-version-summary").focus()
    start_run()
    evaluate(wiki, "down")
    expect(status(page, "mdm")).to_have_text("Unknown")
    expect(page.locator("#evidence-rule-confluence-version-summary")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "site-content"


def test_the_list_of_checks_is_updated_with_its_filter(
    desk: BrowserContext, sign_in: SignIn, administrator: User, wiki: Site
) -> None:
    sign_in(desk, administrator)
    page = desk.new_page()
    page.goto(f"/sites/{wiki.pk}/checks/?show=changes")
    expect(page.get_by_text("No status changes")).to_be_visible()
    start_run()
    evaluate(wiki)
    expect(page.locator("#history tbody tr")).to_have_count(1)
    expect(page.locator("#history")).to_contain_text("All requirements were met.")
    expect(page.get_by_role("link", name="Only changes")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="All checks", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/sites/{wiki.pk}/checks/\??$"))
    expect(page.locator("#history tbody tr")).to_have_count(2)


def test_without_javascript_the_page_is_reloaded(
    open_context: Callable[..., BrowserContext], sign_in: SignIn, administrator: User, wiki: Site
) -> None:
    context = open_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    sign_in(context, administrator)
    page = context.new_page()
    page.goto(f"/sites/{wiki.pk}/")
    expect(page.get_by_text("Updates automatically")).to_be_hidden()
    start_run()
    page.get_by_role("link", name="Reload").click()
    expect(page.locator("#checking")).to_contain_text("0 of 6")
    evaluate(wiki)
    page.get_by_role("link", name="Reload").click()
    expect(page).to_have_url(f"{page.url.split('/sites/')[0]}/sites/{wiki.pk}/")
    expect(page.locator("#checking")).to_have_count(0)
    expect(status(page, "mdm")).to_have_text("Ready")


def test_the_simulated_sites(
    desk: BrowserContext, sign_in: SignIn, administrator: User, subtests: pytest.Subtests
) -> None:
    """Short, no sentence twice, and no ID twice, whatever a site responds."""

    def fill(fleet: SimulatedFleet) -> list[tuple[int, str]]:
        try:
            for name, simulated in DEMO.items():
                sites.create_site(
                    actor=administrator,
                    title=simulated.title,
                    product=simulated.product,
                    base_url=fleet.base_url(name),
                    oauth_plugin_version=simulated.oauth_plugin or "",
                    mobile_plugin_version=simulated.mobile_plugin or "",
                )
            run_queued_checks()
            return list(Site.objects.values_list("pk", "title"))
        finally:
            connection.close()

    # In another thread: Playwright's event loop occupies this one, and checks start one.
    with SimulatedFleet(DEMO) as fleet, ThreadPoolExecutor(1) as other_thread:
        rows = other_thread.submit(fill, fleet).result()
    sign_in(desk, administrator)
    page = desk.new_page()
    for pk, title in rows:
        with subtests.test(site=title):
            page.goto(f"/sites/{pk}/")
            assert repeated(page.content()) == []
            ids = page.eval_on_selector_all("[id]", "elements => elements.map(element => element.id)")
            assert len(ids) == len(set(ids))
            assert page.locator("main").bounding_box()["height"] <= MAX_HEIGHT  # type: ignore[index]
