"""How far a check is: reported by the check that a page waits for, read while it runs, and never in its way."""

from __future__ import annotations

import asyncio

import pytest
from django.core.cache import cache

from rollout.compatibility.main_requests import MAIN_REQUESTS
from rollout.models import CheckRun
from rollout.services.checks import check_runs
from rollout.services.checks.check_progress import progress_of
from rollout.services.checks.leases import swap_leases

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(make_site, administrator, fleet) -> CheckRun:
    site = make_site(title="Wiki", base_url=fleet.base_url("ready-mdm"))
    check_runs.request_check(site=site, actor=administrator, trigger="button")
    [claimed] = swap_leases(lease="test", limit=1)
    return claimed


def observe(run: CheckRun) -> check_runs.ProbeResult:
    return asyncio.run(check_runs.probe(run, check_runs.targets_of([run])[run.pk]))


def test_no_request_is_answered_at_first(run):
    assert [row.answered for row in progress_of(run)] == [""] * len(MAIN_REQUESTS)


def test_a_check_that_a_page_waits_for_reports_each_main_request(run):
    observe(run)

    rows = progress_of(run)
    assert [row.name for row in rows] == list(MAIN_REQUESTS)
    assert rows[0].answered.startswith("200 ")
    assert all(row.answered for row in rows)


def test_a_check_of_a_bulk_check_reports_nothing(run):
    run.urgent = False
    observe(run)

    assert not any(row.answered for row in progress_of(run))


def test_an_unreachable_cache_delays_no_check(run, monkeypatch):
    def fail(*_arguments: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "set", fail)
    monkeypatch.setattr(cache, "get", fail)

    assert observe(run).observation is not None
    assert not any(row.answered for row in progress_of(run))
