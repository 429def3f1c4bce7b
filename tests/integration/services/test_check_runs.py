"""Check runs: queued once, claimed once, evaluated from a real response, and resumed when a message is lost."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from rollout.compatibility.verdict import Verdict
from rollout.models import AuditEvent, CheckRun, RunState, Site
from rollout.probes.site import Target, observe
from rollout.services.checks import check_runs, leases
from rollout.services.checks.evaluations import ProbeResult, record
from rollout.services.network import policy
from rollout.services.sites import create_site, update_site
from rollout.simulator.table import DEMO, PERSONAS
from tests.support.check_runs import run_queued_checks

pytestmark = pytest.mark.django_db


@pytest.fixture
def add(administrator, fleet):
    """``add(name)``: add the simulated site with a queued first check."""

    def add_persona(name):
        simulated = PERSONAS[name]
        return create_site(
            actor=administrator,
            title=simulated.title,
            product=simulated.product,
            base_url=fleet.base_url(name),
            oauth_plugin_version=simulated.oauth_plugin or "",
            mobile_plugin_version=simulated.mobile_plugin or "",
        )

    return add_persona


@pytest.mark.parametrize("name", DEMO)
def test_every_simulated_site_gets_its_verdicts(add, name):
    site = add(name)

    assert run_queued_checks() == [site.check_runs.get().pk]

    site.refresh_from_db()
    assert (site.mdm_verdict, site.non_mdm_verdict) == (PERSONAS[name].mdm, PERSONAS[name].non_mdm)
    run = site.check_runs.get()
    assert run.state == RunState.DONE
    assert run.facts.base_url == site.base_url
    assert any(finding.setup == "mdm" for finding in run.findings)
    for finding in run.findings:
        if finding.outcome in {"PASS", "WARNING"}:
            continue
        assert finding.remedy % finding.values
        assert finding.message % finding.values


def test_a_second_request_gets_the_unfinished_run(add, administrator):
    site = add("ready-mdm")
    run = check_runs.request_check(site=site, actor=administrator, trigger="button")

    assert run == site.check_runs.get()


def test_a_run_is_claimed_once(add):
    run = add("unreachable").check_runs.get()

    assert run_queued_checks() == [run.pk]
    assert run_queued_checks() == []


def test_a_run_of_a_dead_worker_is_claimed_again(add):
    run = add("unreachable").check_runs.get()
    now = timezone.now()
    CheckRun.objects.update(state=RunState.RUNNING, lease="of the dead", lease_until=now + timedelta(minutes=1))
    assert leases.waiting_runs(now) == []
    assert run_queued_checks() == []

    CheckRun.objects.update(lease_until=now - timedelta(seconds=1))
    assert leases.waiting_runs(now) == [run.pk]
    assert run_queued_checks() == [run.pk]
    assert CheckRun.objects.get().state == RunState.DONE


def test_a_site_edited_during_its_run_is_checked_again(add, administrator, fleet):
    site = add("ready-mdm")
    [run] = leases.swap_leases(lease="test", limit=1)
    target = Target(base_url=site.base_url, product=site.product, plugins=site.plugin_versions)
    observed = asyncio.run(observe(target, policy=policy(), now=timezone.now))
    update_site(actor=administrator, site=site, base_url=fleet.base_url("too-old"))

    record([ProbeResult(run.pk, site.pk, "test", observed)])

    run.refresh_from_db()
    site.refresh_from_db()
    assert run.state == RunState.QUEUED
    assert run.host == site.host
    assert site.mdm_verdict == Verdict.UNKNOWN
    assert run_queued_checks() == [run.pk]
    site.refresh_from_db()
    assert site.mdm_verdict == Verdict.INCOMPATIBLE


def test_a_changed_verdict_is_stored_with_the_previous_one(add, administrator, fleet):
    site = add("ready-mdm")
    run_queued_checks()
    Site.objects.update(mdm_verdict=Verdict.ACTION_NEEDED)
    run = check_runs.request_check(site=site, actor=administrator, trigger="button")

    assert run_queued_checks() == [run.pk]

    run.refresh_from_db()
    assert (run.was_mdm_verdict, run.mdm_verdict) == ("ACTION_NEEDED", "READY_MDM")
    assert run.changed_at
    assert AuditEvent.objects.filter(action="site.verdict_changed").count() == 1


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_runs_the_check(worker, add):
    site = add("ready-mdm")

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not CheckRun.objects.get().is_finished:
        time.sleep(0.1)

    site.refresh_from_db()
    assert site.mdm_verdict == Verdict.READY_MDM, worker.log.read_text()[-3000:]


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_a_run_with_a_lost_message_is_resumed(worker, make_site, fleet):
    from rollout.tasks import pick_up_waiting_work

    site = make_site(base_url=fleet.base_url("unreachable"))
    run = CheckRun.objects.create(site=site, host=site.host, trigger="button", requested_at=timezone.now())
    pick_up_waiting_work.delay()

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not CheckRun.objects.get(pk=run.pk).is_finished:
        time.sleep(0.1)

    assert CheckRun.objects.get(pk=run.pk).state == RunState.DONE, worker.log.read_text()[-3000:]
