"""Title and product that nothing was entered for are taken from the first check that reads them."""

from __future__ import annotations

import pytest

from portal.models import User
from rollout.models import AuditEvent, CheckRun, RunState, Site
from rollout.services.sites import create_site, update_site
from rollout.simulator.fleet import SimulatedFleet
from tests.support.check_runs import run_queued_checks

pytestmark = pytest.mark.django_db


def test_it_works(administrator: User, fleet: SimulatedFleet) -> None:
    site = create_site(actor=administrator, title=None, product=None, base_url=fleet.base_url("ready-mdm"))
    assert site.title == site.base_url.removeprefix("http://")
    run_queued_checks()
    site.refresh_from_db()
    assert (site.title, site.product) == (fleet.sites["ready-mdm"].title, "confluence")
    assert site.title_entered
    assert site.product_entered
    event = AuditEvent.objects.get(action="site.changed")
    assert (event.actor, event.details) == (None, {"fields": ["title"]})


def test_another_product_is_checked_again_as_that_product(administrator: User, fleet: SimulatedFleet) -> None:
    name = next(name for name, one in fleet.sites.items() if one.product == "jira" and one.scheme == "http")
    site = create_site(actor=administrator, title=None, product=None, base_url=fleet.base_url(name))
    run_queued_checks()
    site.refresh_from_db()
    run = CheckRun.objects.get()
    assert (site.title, site.product) == (fleet.sites[name].title, "jira")
    assert (run.state, run.observation["product"]) == (RunState.DONE, "jira")
    assert site.mdm_verdict == run.mdm_verdict


def test_what_a_person_entered_is_never_changed(administrator: User, fleet: SimulatedFleet) -> None:
    base_url = fleet.base_url("wrong-product")
    site = create_site(actor=administrator, title="127.0.0.1", product="confluence", base_url=base_url)
    run_queued_checks()
    site.refresh_from_db()
    assert (site.title, site.product) == ("127.0.0.1", "confluence")
    assert not AuditEvent.objects.filter(action="site.changed").exists()


def test_an_edit_before_the_check_counts_as_entered(administrator: User, fleet: SimulatedFleet) -> None:
    site = create_site(actor=administrator, title=None, product=None, base_url=fleet.base_url("ready-mdm"))
    update_site(actor=administrator, site=site, title="Mine")
    run_queued_checks()
    site.refresh_from_db()
    assert (site.title, site.product_entered) == ("Mine", True)


def test_a_site_without_a_manifest_keeps_its_placeholder(administrator: User, fleet: SimulatedFleet) -> None:
    site = create_site(actor=administrator, title=None, product=None, base_url=fleet.base_url("behind-sso"))
    run_queued_checks()
    site.refresh_from_db()
    assert site.title == site.base_url.removeprefix("http://")
    assert not site.title_entered
    assert Site.objects.count() == 1
