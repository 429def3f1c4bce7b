"""Results of real phones: recorded once, withdrawn with a reason, and given to the next check as evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from rollout.compatibility import observation, phone_rules
from rollout.models import AuditEvent, CheckRun, PhoneResult, RunState, Site
from rollout.services import phone_results, sites
from rollout.services.checks import check_runs, evaluations, leases
from rollout.services.checks.target_extras import MAX_RESULTS
from rollout.simulator.fleet import SimulatedFleet
from tests.support.check_runs import run_queued_checks


def record(actor: Any, site: Site, **changes: Any) -> PhoneResult:
    fields: dict[str, Any] = {
        "setup": "mdm", "outcome": "worked", "ios_version": "18.5", "app_version": "2.0.1",
        "client_certificate": "yes", "tried_on": timezone.localdate(), "tried_by": "Ruth Example", "note": "",
    }  # fmt: skip
    return phone_results.record_result(actor=actor, site=site, **fields | changes)


@pytest.fixture(scope="module")
def simulated() -> Iterator[SimulatedFleet]:
    with SimulatedFleet(["ready-non-mdm"]) as fleet:
        yield fleet


@pytest.fixture
def site(alice, simulated) -> Site:
    url = simulated.base_url("ready-non-mdm")
    created = sites.create_site(actor=alice, title="Wiki", base_url=url, owners=[alice])
    run_queued_checks()
    created.refresh_from_db()
    return created


def test_it_works(alice, site) -> None:
    day = timezone.localdate() - timedelta(days=3)
    record(alice, site, tried_on=day)
    record(alice, site, outcome="failed", failed_step="return", setup="non_mdm", client_certificate="no")
    run_queued_checks()

    seen = site.check_runs.latest("pk").facts
    assert seen is not None
    failed, worked = seen.phone_results
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert worked == observation.PhoneResult("mdm", worked=True, at=at, app_version="2.0.1", client_certificate=True)
    assert (failed.setup, failed.worked, failed.step, failed.client_certificate) == (
        "non_mdm",
        False,
        "return",
        False,
    )
    assert observation.Observation.from_json(seen.to_json()) == seen


def test_the_rules_know_every_step() -> None:
    assert list(phone_rules.STEPS) == PhoneResult.Step.values


def test_recording_is_audited_and_starts_a_check(alice, site) -> None:
    row = record(alice, site)
    run = site.check_runs.latest("pk")
    assert (run.trigger, run.state, run.urgent) == ("phone_result", RunState.QUEUED, True)
    event = AuditEvent.objects.latest("number")
    assert AuditEvent.objects.filter(action="phone_result.recorded", target_id=str(site.pk)).count() == 1
    assert "Ruth" not in str(event.details)
    assert (row.base_url, row.server_version, row.recorded_by) == (site.base_url, site.server_version, alice)
    assert row.server_version


def test_a_form_that_is_sent_twice_records_one_result(alice, bob, site) -> None:
    first = record(alice, site)
    assert record(alice, site) == first
    assert record(bob, site) != first
    assert record(alice, site, note="again") != first
    PhoneResult.objects.filter(pk=first.pk).update(recorded_at=timezone.now() - timedelta(hours=1))
    assert record(alice, site) != first


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"outcome": "failed"}, "failed_step"),
        ({"outcome": "failed", "failed_step": "elsewhere"}, "failed_step"),
        ({"outcome": "perhaps"}, "outcome"),
        ({"setup": "android"}, "setup"),
        ({"client_certificate": "maybe"}, "client_certificate"),
        ({"ios_version": "newest"}, "ios_version"),
        ({"app_version": ""}, "app_version"),
        ({"tried_by": "  "}, "tried_by"),
        ({"tried_by": "x" * 121}, "tried_by"),
        ({"note": "x" * 4001}, "note"),
        ({"note": "\0"}, "note"),
        ({"tried_on": timezone.localdate() + timedelta(days=2)}, "tried_on"),
    ],
)
def test_invalid_fields_are_named_and_nothing_is_stored(alice, site, changes, field) -> None:
    events = AuditEvent.objects.count()
    with pytest.raises(ValidationError) as caught:
        record(alice, site, **changes)
    assert field in caught.value.message_dict
    assert not PhoneResult.objects.exists()
    assert AuditEvent.objects.count() == events


def test_a_success_has_no_failed_step(alice, site) -> None:
    assert record(alice, site, failed_step="content").failed_step == ""


def test_a_withdrawn_result_stays_and_no_longer_counts(alice, bob, site) -> None:
    row = record(alice, site)
    run_queued_checks()
    assert phone_results.withdraw_result(actor=bob, result=row, reason=" Wrong site ")
    assert not phone_results.withdraw_result(actor=alice, result=row, reason="again")
    row.refresh_from_db()
    assert (row.withdrawn_by, row.withdrawal_reason) == (bob, "Wrong site")
    assert site.check_runs.latest("pk").trigger == "phone_result"
    run_queued_checks()
    facts = site.check_runs.latest("pk").facts
    assert facts is not None
    assert facts.phone_results == ()
    assert AuditEvent.objects.filter(action="phone_result.withdrawn").count() == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "\0"])
def test_a_withdrawal_needs_a_reason(alice, site, reason) -> None:
    row = record(alice, site)
    with pytest.raises(ValidationError) as caught:
        phone_results.withdraw_result(actor=alice, result=row, reason=reason)
    assert "reason" in caught.value.message_dict
    row.refresh_from_db()
    assert row.withdrawn_at is None


def test_a_result_at_another_base_url_does_not_count(alice, site) -> None:
    record(alice, site)
    sites.update_site(actor=alice, site=site, base_url="https://new.example.com")
    assert not site.phone_results.counting().exists()
    assert site.phone_results.count() == 1


def test_only_the_newest_results_are_given_to_a_check(alice, site, make_site) -> None:
    today = timezone.localdate()
    for number in range(MAX_RESULTS + 3):
        record(alice, site, app_version=f"2.0.{number}", tried_on=today - timedelta(days=number))
    record(alice, make_site(title="Other"), app_version="9.9")
    run = CheckRun.objects.select_related("site").get(site=site, state=RunState.QUEUED)
    results = check_runs.targets_of([run])[run.pk].phone_results
    assert [result.app_version for result in results] == [f"2.0.{number}" for number in range(MAX_RESULTS)]


def test_an_archived_site_is_not_checked(alice, site) -> None:
    sites.archive_site(actor=alice, site=site)
    site.refresh_from_db()
    record(alice, site)
    assert not CheckRun.objects.filter(site=site, state=RunState.QUEUED).exists()


def test_a_check_that_ran_without_the_result_is_repeated(alice, site) -> None:
    record(alice, site)
    (run,) = leases.swap_leases(lease="one", limit=1)
    result = asyncio.run(check_runs.probe(run, check_runs.targets_of([run])[run.pk]))
    record(alice, site, setup="non_mdm")
    assert evaluations.record([result]) == []
    leases.release(lease="one", hosts=[run.host], pause=0)
    run.refresh_from_db()
    assert run.state == RunState.QUEUED
    run_queued_checks()
    run.refresh_from_db()
    assert {result.setup for result in run.facts.phone_results} == {"mdm", "non_mdm"}
