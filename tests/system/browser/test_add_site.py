"""Adding a site by its URL, in a browser with and without JavaScript: spellings, look-ups, choices and duplicates."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.models import User
from rollout.models import Site
from tests.support.small_site import SmallSite, small_site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOST = "https://wiki.example.com"
AXE = next((Path(__file__).parent / "vendor").glob("axe-core-*.min.js")).read_text()
SCREENSHOTS = os.environ.get("SCREENSHOTS")
# What is typed, the base URL, and whether it must be accepted as a suggestion first.
SPELLINGS = [
    ("https://wiki.example.com/wiki", f"{HOST}/wiki", False),
    ("wiki.example.com/wiki", f"{HOST}/wiki", False),
    ("WIKI.Example.com/wiki/", f"{HOST}/wiki", False),
    ("wiki.example.com/wiki/login.action?os_destination=%2Findex.action", f"{HOST}/wiki", False),
    ("https://wiki.example.com/wiki/display/KEY/Some+page#heading", f"{HOST}/wiki", False),
    ("https://wiki.example.com/pages/viewpage.action?pageId=65537", HOST, False),
    ("wiki.example.com/x/AbCd", HOST, False),
    ("htps://wiki.example.com/wiki", f"{HOST}/wiki", True),
    ("https//wiki.example.com/wiki", f"{HOST}/wiki", True),
    ("http://wiki.example.com/wiki", f"{HOST}/wiki", True),
    ("https://https://wiki.example.com/wiki/dashboard.action", f"{HOST}/wiki", True),
]


@pytest.fixture
def server() -> Iterator[SmallSite]:
    """A Confluence with the context path /wiki, to which ``/`` redirects."""
    with small_site() as running:
        running.confluence("/wiki", own=f"{running.origin}/wiki")
        running.redirect("/", "/wiki/login.action")
        yield running


@pytest.fixture(params=["with-javascript", "without-javascript"])
def page(request: pytest.FixtureRequest, open_context: Callable[..., Any], sign_in: Any, administrator: User) -> Page:
    """The form, opened by an administrator on a phone's width, in both kinds of browser."""
    script = request.param == "with-javascript"
    context = open_context(java_script_enabled=script, viewport={"width": 390, "height": 844})
    sign_in(context, administrator)
    opened: Page = context.new_page()
    opened.goto("/sites/new/")
    return opened


def enter(page: Page, text: str) -> None:
    """Enter an address, and wait for what is understood of it: by itself, or by *Look up* without JavaScript."""
    page.get_by_role("textbox", name="Site URL").fill(text)
    button = page.get_by_role("button", name="Look up")
    if button.is_visible():
        button.click()


@pytest.mark.parametrize(("text", "base_url", "is_suggested"), SPELLINGS)
def test_a_spelling_leads_to_the_site(page: Page, text: str, base_url: str, is_suggested: bool) -> None:
    if is_suggested:
        enter(page, text)
        page.get_by_role("button", name=f"Use {base_url}").click()
        expect(page.get_by_text(f"Using {base_url}")).to_be_visible()
    else:
        page.get_by_role("textbox", name="Site URL").fill(text)
    page.get_by_role("button", name="Add site").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("wiki.example.com")
    assert Site.objects.get().base_url == base_url


def test_title_product_and_context_path_come_from_the_site(page: Page, server: SmallSite) -> None:
    enter(page, server.origin)
    expect(page.get_by_text("Product Wiki", exact=True)).to_be_visible()
    expect(page.get_by_text("Confluence Data Center 9.3.1")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Product Wiki")
    expect(page.locator("#id_product")).to_have_value("confluence")
    expect(page.get_by_role("radio", name=f"{server.origin}/wiki The site's own base URL")).to_be_checked()
    page.get_by_role("button", name="Add site").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Product Wiki")
    assert Site.objects.get().base_url == f"{server.origin}/wiki"


def test_a_person_keeps_the_title_and_base_url_they_choose(page: Page, server: SmallSite) -> None:
    page.get_by_text("Title and product").click()
    page.get_by_label("Title").fill("Mine")
    enter(page, server.origin)
    page.get_by_text("As entered. It redirects to").click()
    expect(page.get_by_label("Title")).to_have_value("Mine")
    page.get_by_role("button", name="Add site").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mine")
    assert Site.objects.get().base_url == server.origin


def test_a_duplicate_links_to_the_site(page: Page, site: Site) -> None:
    enter(page, f"{site.base_url}/login.action")
    page.get_by_role("link", name=site.title).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(site.title)


def test_several_addresses(page: Page, site: Site) -> None:
    enter(page, f"a.example.com\n{site.base_url}\nhtps://b.example.com\n")
    expect(page.get_by_text("3 addresses: 1 new, 1 here already, 1 to correct")).to_be_visible()
    page.get_by_role("button", name="Use https://b.example.com").click()
    expect(page.get_by_text("3 addresses: 2 new, 1 here already")).to_be_visible()
    page.get_by_role("button", name="Add only the 2 new sites").click()
    expect(page.get_by_role("status").get_by_text("2 sites were added")).to_be_visible()
    expect(page.get_by_role("textbox", name="Site URL")).to_have_value(site.base_url)
    assert Site.objects.count() == 3


def test_adding_does_not_wait_for_the_look_up(
    open_context: Callable[..., Any], sign_in: Any, administrator: User, server: SmallSite
) -> None:
    context = open_context()
    sign_in(context, administrator)
    page = context.new_page()
    page.goto("/sites/new/")
    with server.paused():
        page.get_by_role("textbox", name="Site URL").fill(f"{server.origin}/wiki")
        expect(page.get_by_text("Looking up the site. You can add it without waiting.")).to_be_visible()
        page.get_by_role("button", name="Add site").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("127.0.0.1")
    assert not Site.objects.get().title_entered


def test_every_state_is_accessible(
    open_context: Callable[..., Any], sign_in: Any, administrator: User, site: Site, server: SmallSite
) -> None:
    states = {
        "empty": ("", "Paste any address"),
        "typo": ("htps://wiki.example.com", "is not how a web address starts"),
        "duplicate": (site.base_url, "This site is here already"),
        "cloud": ("https://acme.atlassian.net/wiki", "Atlassian Cloud"),
        "closed": ("https://10.0.0.1", "PROBE_ALLOWED_NETWORKS"),
        "found": (f"{server.origin}/display/KEY/Page", "Product Wiki"),
        "several": (f"a.example.com\n{site.base_url}\nhtps://b.example.com", "3 addresses"),
    }
    for scheme, width in (("light", 1280), ("dark", 390), ("light", 320)):
        context = open_context(color_scheme=scheme, viewport={"width": width, "height": 900})
        sign_in(context, administrator)
        page = context.new_page()
        for name, (text, shown) in states.items():
            page.goto("/sites/new/")
            page.get_by_role("textbox", name="Site URL").fill(text)
            expect(page.locator("#site-preview").get_by_text(shown).first).to_be_visible()
            if SCREENSHOTS:
                page.screenshot(path=f"{SCREENSHOTS}/{name}-{width}-{scheme}.png", full_page=True)
            page.evaluate(AXE)
            violations = page.evaluate("axe.run().then(run => run.violations.map(one => one.id))")
            assert violations == [], f"{name} {width} {scheme}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
