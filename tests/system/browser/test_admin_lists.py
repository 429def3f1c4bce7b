"""The lists of Django admin in Chromium at 1280 px: no column is cut off.

``SCREENSHOTS=folder`` keeps a picture of each list and of its first row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse
from playwright.sync_api import BrowserContext

from portal.models import User
from rollout.simulator.fleet import SimulatedFleet
from rollout.simulator.table import DEMO
from tests.support.example_pages import Pages, create_example_data

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCREENSHOTS = os.environ.get("SCREENSHOTS")
CUT_OFF = """() => {
    const right = document.querySelector("#changelist .results")?.getBoundingClientRect().right;
    return [...document.querySelectorAll("#result_list th, #result_list td")]
        .filter(cell => cell.getBoundingClientRect().right > right + 1)
        .map(cell => cell.textContent.trim());
}"""


@pytest.fixture
def pages(administrator: User, member: User) -> Iterator[Pages]:
    def filled(fleet: SimulatedFleet) -> Pages:
        try:
            return create_example_data(administrator, member, fleet)
        finally:
            connection.close()

    with SimulatedFleet(DEMO) as fleet, ThreadPoolExecutor(1) as other_thread:
        yield other_thread.submit(filled, fleet).result()


def test_no_column_is_cut_off(
    pages: Pages, desk: BrowserContext, sign_in: Callable[[BrowserContext, User], None], administrator: User
) -> None:
    sign_in(desk, administrator)
    page, problems = desk.new_page(), []
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        page.goto(reverse(f"admin:{name}_changelist"))
        if cut := page.evaluate(CUT_OFF):
            problems.append((name, cut))
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)
            row = page.locator("#result_list tbody th a").first
            if row.count():
                row.click()
                page.screenshot(path=Path(SCREENSHOTS) / f"{name}-row.png", full_page=True)
    if SCREENSHOTS:
        page.goto("/admin/")
        page.screenshot(path=Path(SCREENSHOTS) / "index.png", full_page=True)
    assert not problems
