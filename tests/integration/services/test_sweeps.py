"""Sweeps: which sites they check, pause and resume, the summary, and when a sweep fails."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.utils import timezone

from rollout.models import AuditEvent, CheckRun, Notice, RunState, Site, Sweep, SweepState
from rollout.services.audit_verification import verify_chain
from rollout.services.checks import check_runs, leases, old_runs, sweeps
from rollout.services.checks.due_times import next_due
from rollout.services.checks.evaluations import ProbeResult, record
from tests.support.evaluated import evaluate, observation

pytestmark = pytest.mark.django_db


def finish(kind: str = "ready", *, broken: int = 0) -> None:
    """Finish every waiting run, ``broken`` of them with an internal error."""
    taken = leases.swap_leases(lease=kind, limit=100)
    leases.release(lease=kind, hosts=[run.host for run in taken], pause=0)
    record(
        [
            ProbeResult(run.pk, run.site_id, kind, None if number < broken else observation(run.site, kind), "broke")
            for number, run in enumerate(taken)
        ]
    )
    sweeps.finish_counted()


def test_it_works(make_site: Any, administrator: Any) -> None:
    sites = [make_site() for _ in range(3)]
    make_site(archived_at=timezone.now())

    sweep = sweeps.start_sweep(actor=administrator)

    assert (sweep.total, sweep.state) == (3, SweepState.RUNNING)
    assert set(sweep.runs.values_list("site", "host")) == {(site.pk, site.host) for site in sites}
    finish()
    sweep.refresh_from_db()
    assert (sweep.state, sweep.done, sweep.failing, sweep.broken, sweep.left) == (SweepState.DONE, 3, 0, 0, 0)
    assert sum(sweep.summary["mdm"].values()) == 3
    assert list(AuditEvent.objects.order_by("number").values_list("action", flat=True)) == [
        "sweep.started",
        "sweep.finished",
    ]


def test_the_counters_of_unreachable_and_changed_sites(make_site: Any, administrator: Any) -> None:
    sites = [make_site() for _ in range(2)]
    for site in sites:
        evaluate(site, "old")
    sweep = sweeps.start_sweep(actor=administrator)
    finish("down")

    sweep.refresh_from_db()
    assert (sweep.done, sweep.failing, sweep.changed) == (2, 2, 2)
    assert sweep.summary == {"mdm": {"UNKNOWN": 2}, "non_mdm": {"UNKNOWN": 2}}


def test_a_waiting_site_is_not_queued_twice(make_site: Any, administrator: Any) -> None:
    one, two = make_site(), make_site()
    check_runs.request_check(site=one, actor=administrator, trigger=CheckRun.Trigger.BUTTON)

    sweep = sweeps.start_sweep(actor=administrator)

    assert [run.site for run in sweep.runs.all()] == [two]


def test_there_is_one_manual_sweep_at_a_time(make_site: Any, administrator: Any) -> None:
    make_site()
    sweeps.start_sweep(actor=administrator)
    make_site()

    with pytest.raises(ValidationError, match="is running"):
        sweeps.start_sweep(actor=administrator, trigger=Sweep.Trigger.COMMAND)
    assert Sweep.objects.count() == CheckRun.objects.count() == 1


def test_without_a_site_there_is_no_sweep(administrator: Any) -> None:
    with pytest.raises(ValidationError, match="no site"):
        sweeps.start_sweep(actor=administrator)
    assert not Sweep.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_scheduled_sweep_checks_sites_due_before_the_next(make_site: Any, settings: Any) -> None:
    settings.SWEEP_EVERY_MINUTES = 60
    now = timezone.now()
    due = [make_site(check_due_at=now + timedelta(minutes=minutes)) for minutes in (-500, -1, 50)]
    make_site(check_due_at=now + timedelta(minutes=70))
    make_site(check_due_at=now - timedelta(minutes=1), archived_at=now)

    sweep = sweeps.start_due_sweep()

    assert sweep
    assert {run.site for run in sweep.runs.all()} == set(due)
    assert set(sweep.runs.values_list("due_at", flat=True)) == {site.check_due_at for site in due}
    assert sweeps.start_due_sweep() is None  # it runs
    finish()
    assert sweeps.start_due_sweep() is None  # it is not time
    Sweep.objects.update(started_at=now - timedelta(minutes=61))
    assert sweeps.start_due_sweep() is None  # it is time, and nothing is due


def test_a_due_time_is_evaluated_once(make_site: Any) -> None:
    due_at = timezone.now()
    site = make_site(check_due_at=due_at)
    sweeps.start_due_sweep()
    finish()
    Site.objects.update(check_due_at=due_at)  # as if the write of the next one had been lost
    Sweep.objects.update(started_at=due_at - timedelta(days=1))

    sweeps.start_due_sweep()
    assert CheckRun.objects.get(due_at=due_at).state == RunState.DONE
    assert not CheckRun.objects.filter(state=RunState.QUEUED).exists()
    with pytest.raises(IntegrityError):
        CheckRun.objects.create(site=site, due_at=due_at, trigger="schedule", requested_at=due_at, state="done")


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_queue_nothing_twice(make_site: Any) -> None:
    for _ in range(20):
        make_site(check_due_at=timezone.now())
    started: list[Sweep | None] = []

    def beat() -> None:
        try:
            started.append(sweeps.start_due_sweep())
        finally:
            connection.close()

    threads = [threading.Thread(target=beat) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len([sweep for sweep in started if sweep]) == 1
    assert len(started) == 3
    assert CheckRun.objects.count() == 20
    assert verify_chain().intact


def test_pause_and_resume_are_recorded_once(make_site: Any, administrator: Any) -> None:
    make_site()
    sweep = sweeps.start_sweep(actor=administrator)

    assert not sweeps.resume_sweep(actor=administrator, sweep=sweep)
    assert sweeps.pause_sweep(actor=administrator, sweep=sweep)
    assert not sweeps.pause_sweep(actor=administrator, sweep=sweep)
    Sweep.objects.update(paused_at=timezone.now() - timedelta(seconds=90))
    assert sweeps.resume_sweep(actor=administrator, sweep=sweep)

    sweep.refresh_from_db()
    assert (sweep.state, sweep.paused_at) == (SweepState.RUNNING, None)
    assert 89 <= sweep.paused_seconds <= 92
    actions = list(AuditEvent.objects.order_by("number").values_list("action", flat=True))
    assert actions == ["sweep.started", "sweep.paused", "sweep.resumed"]


@pytest.mark.parametrize(("broken", "state"), [(2, SweepState.DONE), (3, SweepState.FAILED), (4, SweepState.FAILED)])
def test_a_sweep_fails_if_more_than_half_of_its_runs_fail(
    make_site: Any, administrator: Any, broken: int, state: str
) -> None:
    for _ in range(4):
        make_site()
    sweep = sweeps.start_sweep(actor=administrator)

    finish(broken=broken)

    sweep.refresh_from_db()
    assert (sweep.state, sweep.broken, sweep.done) == (state, broken, 4 - broken)
    assert Notice.objects.filter(sweep=sweep).exists() == (state == SweepState.FAILED)


def test_a_sweep_whose_sites_are_deleted_ends(make_site: Any, administrator: Any) -> None:
    make_site()
    gone = make_site()
    sweep = sweeps.start_sweep(actor=administrator)
    gone.delete()
    finish()
    assert Sweep.objects.get().state == SweepState.RUNNING

    sweeps.finish_ended()

    sweep.refresh_from_db()
    assert (sweep.state, sweep.done) == (SweepState.DONE, 1)


def test_the_rate_excludes_pauses() -> None:
    now = timezone.now()
    start = now - timedelta(minutes=10)
    sweep = Sweep(started_at=start, total=500, done=90, broken=10, paused_seconds=300, state=SweepState.RUNNING)

    assert sweep.per_minute(now) == pytest.approx(20)
    assert sweep.time_left(now) == timedelta(minutes=20)
    sweep.paused_at = now - timedelta(minutes=1)
    assert sweep.per_minute(now) == pytest.approx(25)
    assert Sweep(started_at=now, total=5).per_minute(now) is None


@pytest.mark.parametrize(
    ("failed", "hours"), [(0, 24), (1, 24), (2, 48), (3, 96), (4, 168), (5, 168), (30, 168), (1000, 168)]
)
def test_unreachable_sites_are_checked_less_often(settings: Any, failed: int, hours: int) -> None:
    settings.CHECK_EVERY_HOURS = 24
    now = timezone.now()
    found = {next_due(now, failed_checks=failed) - now for _ in range(200)}

    assert timedelta(hours=hours * 0.9) <= min(found) < max(found) <= timedelta(hours=hours * 1.1)


def test_an_interval_longer_than_a_week_stays(settings: Any) -> None:
    settings.CHECK_EVERY_HOURS = 24 * 30
    now = timezone.now()
    assert next_due(now, failed_checks=9) - now > timedelta(days=26)


def test_consecutive_failures_are_counted_until_the_site_responds(make_site: Any) -> None:
    site = make_site()
    for expected, kind in ((1, "down"), (2, "down"), (0, "sso"), (1, "down"), (0, "ready")):
        evaluate(site, kind)
        assert site.failed_checks == expected


def test_old_runs_are_deleted_except_the_newest_and_verdict_changes(make_site: Any, settings: Any) -> None:
    settings.CHECK_RUNS_KEPT_DAYS = 10
    site, quiet = make_site(), make_site()
    first, same, changed, newest = (evaluate(site, kind) for kind in ("ready", "ready", "old", "old"))
    only = evaluate(quiet, "ready")
    failed = CheckRun.objects.create(site=quiet, trigger="button", requested_at=timezone.now(), state=RunState.FAILED)
    waiting = CheckRun.objects.create(site=quiet, trigger="button", requested_at=timezone.now())
    assert old_runs.remove_old_runs() == 0

    CheckRun.objects.update(requested_at=timezone.now() - timedelta(days=11))
    assert old_runs.remove_old_runs() == 3

    assert set(CheckRun.objects.all()) == {changed, newest, only, waiting}
    assert not CheckRun.objects.filter(pk__in=[first.pk, same.pk, failed.pk]).exists()
