"""Check workers: many sites at once, one per host, and no run is lost or evaluated twice."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from rollout.models import AuditEvent, CheckRun, ProbeHost, RunState, Site, Sweep, SweepState
from rollout.services.checks import check_runs, check_worker, leases, sweeps
from rollout.services.checks.evaluations import ProbeResult, record
from tests.support.evaluated import observation

pytestmark = pytest.mark.django_db(transaction=True)


class Crowd:
    """A small server on all loopback addresses that counts simultaneous requests."""

    def __init__(self, seconds: float) -> None:
        crowd, self.seconds = self, seconds
        self.lock, self.now = threading.Lock(), defaultdict[str, int](int)
        self.max_per_host = self.max_at_once = self.requests = 0

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                host = self.headers["Host"]
                crowd.enter(host)
                time.sleep(crowd.seconds)
                crowd.leave(host)
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def enter(self, host: str) -> None:
        with self.lock:
            self.requests += 1
            self.now[host] += 1
            self.max_per_host = max(self.max_per_host, self.now[host])
            self.max_at_once = max(self.max_at_once, sum(1 for count in self.now.values() if count))

    def leave(self, host: str) -> None:
        with self.lock:
            self.now[host] -= 1

    def url(self, number: int, path: str = "") -> str:
        return f"http://127.0.{1 + number // 200}.{1 + number % 200}:{self.server.server_port}{path}"


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    running = Crowd(0.02)
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def fleet_of(make_site: Any, crowd: Crowd) -> Callable[[int, int], list[Site]]:
    """``fleet_of(hosts, sites_per_host)``."""

    def make(hosts: int, each: int = 1) -> list[Site]:
        return [
            make_site(base_url=crowd.url(host, f"/wiki{number}")) for number in range(each) for host in range(hosts)
        ]

    return make


def in_threads(count: int, work: Callable[[], object]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)


def test_it_works(fleet_of: Any, administrator: Any, crowd: Crowd) -> None:
    sites = fleet_of(12)
    sweep = sweeps.start_sweep(actor=administrator)

    assert check_worker.run_check_worker() == 12

    sweep.refresh_from_db()
    assert (sweep.state, sweep.total, sweep.done, sweep.broken) == (SweepState.DONE, 12, 12, 0)
    assert (
        sweep.summary == {"mdm": {"UNKNOWN": 12}, "non_mdm": {"UNKNOWN": 12}}
        or sum(sweep.summary["mdm"].values()) == 12
    )
    assert CheckRun.objects.filter(state=RunState.DONE, lease="", lease_until=None).count() == 12
    assert Site.objects.filter(checked_at__isnull=False, check_due_at__isnull=False).count() == len(sites)
    assert not ProbeHost.objects.exclude(lease="").exists()
    assert crowd.max_at_once > 3


def test_two_workers_check_every_site_once_and_one_site_per_host_at_a_time(
    fleet_of: Any, administrator: Any, crowd: Crowd, settings: Any
) -> None:
    settings.PROBE_HOST_PAUSE, settings.PROBE_SITES_PER_TASK = 0.01, 6
    fleet_of(5, 6)
    sweep = sweeps.start_sweep(actor=administrator)

    in_threads(3, check_worker.run_check_worker)

    sweep.refresh_from_db()
    assert (sweep.state, sweep.done) == (SweepState.DONE, 30)
    assert CheckRun.objects.filter(state=RunState.DONE).count() == 30
    assert crowd.max_per_host == 1


def test_all_workers_stay_within_the_limit(fleet_of: Any, administrator: Any, crowd: Crowd, settings: Any) -> None:
    settings.PROBE_SITES_AT_ONCE, settings.PROBE_SITES_PER_TASK = 3, 3
    fleet_of(12)
    sweeps.start_sweep(actor=administrator)

    in_threads(3, check_worker.run_check_worker)

    assert CheckRun.objects.filter(state=RunState.DONE).count() == 12
    assert crowd.max_at_once <= 3


def test_urgent_runs_come_first_and_wait_for_their_host(fleet_of: Any, administrator: Any) -> None:
    one, two, three = fleet_of(2, 2)[:3]  # the first and the third share a host
    sweeps.start_sweep(actor=administrator)
    check_runs.request_check(site=three, actor=administrator, trigger=CheckRun.Trigger.BUTTON)

    first = leases.swap_leases(lease="a", limit=10)
    assert [run.site for run in first] == [three, two]
    assert leases.swap_leases(lease="b", limit=10) == []  # both hosts are leased

    run = check_runs.request_check(site=one, actor=administrator, trigger=CheckRun.Trigger.BUTTON)
    assert run.urgent
    assert leases.swap_leases(lease="b", limit=10) == []
    leases.release(lease="a", hosts=[three.host], pause=0)
    assert [run.site for run in leases.swap_leases(lease="b", limit=10)] == [one]


def test_there_is_a_pause_between_two_sites_of_a_host(fleet_of: Any, administrator: Any, settings: Any) -> None:
    settings.PROBE_HOST_PAUSE = 30
    fleet_of(1, 2)
    sweeps.start_sweep(actor=administrator)
    [run] = leases.swap_leases(lease="a", limit=5)

    assert leases.swap_leases(lease="a", released=[run.host], limit=5) == []
    assert leases.has_runs_soon(timezone.now())
    ProbeHost.objects.update(free_at=timezone.now())
    assert len(leases.swap_leases(lease="a", limit=5)) == 1


def test_runs_of_a_dead_worker_are_claimed_again_and_its_late_result_is_not_written(make_site: Any) -> None:
    site = make_site()
    run = check_runs.request_check(site=site, actor=None, trigger=CheckRun.Trigger.BUTTON)
    [taken] = leases.swap_leases(lease="dead", limit=1)
    late = ProbeResult(run.pk, site.pk, "dead", observation(site, "ready"))
    assert leases.swap_leases(lease="next", limit=1) == []

    gone = timezone.now() - timedelta(seconds=1)
    CheckRun.objects.update(lease_until=gone)
    ProbeHost.objects.update(leased_until=gone)
    leases.extend(lease="dead", runs=[taken.pk], hosts=[taken.host])  # woke up too late
    [again] = leases.swap_leases(lease="next", limit=1)

    assert again.pk == run.pk
    assert record([late]) == []
    assert CheckRun.objects.get().state == RunState.RUNNING
    assert len(record([ProbeResult(run.pk, site.pk, "next", observation(site, "old"))])) == 1
    assert record([late]) == []
    assert CheckRun.objects.get().state == RunState.DONE
    assert Site.objects.get().server_version == "8.5.4"


def test_a_lease_is_extended_while_its_holder_runs(make_site: Any) -> None:
    check_runs.request_check(site=make_site(), actor=None, trigger=CheckRun.Trigger.BUTTON)
    [run] = leases.swap_leases(lease="a", limit=1)
    soon = timezone.now() + timedelta(seconds=2)
    CheckRun.objects.update(lease_until=soon)
    ProbeHost.objects.update(leased_until=soon)

    leases.extend(lease="a", runs=[run.pk], hosts=[run.host])

    assert CheckRun.objects.get().lease_until > soon
    assert ProbeHost.objects.get().leased_until > soon


def test_statements_do_not_grow_with_the_batch(make_site: Any, django_assert_max_num_queries: Any) -> None:
    def batch(count: int) -> list[ProbeResult]:
        sites = [make_site() for _ in range(count)]
        for site in sites:
            check_runs.request_check(site=site, actor=None, trigger=CheckRun.Trigger.BUTTON)
        taken = leases.swap_leases(lease="a", limit=100)
        leases.release(lease="a", hosts=[run.host for run in taken], pause=0)
        return [ProbeResult(run.pk, run.site_id, "a", observation(run.site, "ready")) for run in taken]

    for size in (2, 40):
        answers = batch(size)
        with django_assert_max_num_queries(20):
            assert len(record(answers)) == size


def test_an_internal_error_fails_the_run_and_keeps_the_site(make_site: Any) -> None:
    site = make_site(mdm_verdict="READY_MDM", checked_at=timezone.now())
    run = check_runs.request_check(site=site, actor=None, trigger=CheckRun.Trigger.BUTTON)
    leases.swap_leases(lease="a", limit=1)

    record([ProbeResult(run.pk, site.pk, "a", failure="ValueError while checking")])

    run.refresh_from_db()
    site.refresh_from_db()
    assert (run.state, run.failure) == (RunState.FAILED, "ValueError while checking")
    assert site.mdm_verdict == "READY_MDM"
    assert timezone.now() < site.check_due_at < timezone.now() + timedelta(hours=2)


def test_a_changed_verdict_is_stored_and_reported_once(make_site: Any) -> None:
    sites = [make_site() for _ in range(3)]
    for kind in ("ready", "old"):
        for site in sites:
            check_runs.request_check(site=site, actor=None, trigger=CheckRun.Trigger.BUTTON)
        taken = leases.swap_leases(lease=kind, limit=10)
        leases.release(lease=kind, hosts=[run.host for run in taken], pause=0)
        record([ProbeResult(run.pk, run.site_id, kind, observation(run.site, kind)) for run in taken])

    changed = CheckRun.objects.filter(changed_at__isnull=False)
    assert changed.count() == AuditEvent.objects.filter(action="site.verdict_changed").count() == 3
    assert set(changed.values_list("mdm_verdict", flat=True)) == {"INCOMPATIBLE"}
    assert "INCOMPATIBLE" not in set(changed.values_list("was_mdm_verdict", flat=True))


def test_a_paused_sweep_starts_urgent_runs_only(fleet_of: Any, administrator: Any) -> None:
    sites = fleet_of(4)
    sweep = sweeps.start_sweep(actor=administrator)
    sweeps.pause_sweep(actor=administrator, sweep=sweep)
    assert check_worker.run_check_worker() == 0

    check_runs.request_check(site=sites[2], actor=administrator, trigger=CheckRun.Trigger.BUTTON)
    assert check_worker.run_check_worker() == 1
    sweeps.resume_sweep(actor=administrator, sweep=sweep)
    assert check_worker.run_check_worker() == 3
    assert Sweep.objects.get().state == SweepState.DONE


def test_a_worker_waits_for_running_probes_after_its_deadline(fleet_of: Any, administrator: Any, crowd: Crowd) -> None:
    crowd.seconds = 0.3
    fleet_of(3, 2)
    sweeps.start_sweep(actor=administrator)

    assert check_worker.run_check_worker(seconds=0.2) == 3

    assert CheckRun.objects.filter(state=RunState.DONE).count() == 3
    assert CheckRun.objects.filter(state=RunState.QUEUED).count() == 3
    assert not ProbeHost.objects.exclude(lease="").exists()


def test_a_worker_finds_claimed_runs_after_a_lost_connection(
    fleet_of: Any, administrator: Any, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet_of(5, 2)
    sweep = sweeps.start_sweep(actor=administrator)
    answers = iter(["arrives", "is lost"])

    def lose(runs: list[CheckRun]) -> Any:  # what has been taken is committed by now
        if next(answers, "arrives") == "is lost":
            raise OperationalError("server closed the connection unexpectedly")
        return check_runs.targets_of(runs)

    monkeypatch.setattr(check_worker, "targets_of", lose)

    assert check_worker.run_check_worker() == 10
    sweep.refresh_from_db()
    assert (sweep.state, sweep.done, sweep.broken) == (SweepState.DONE, 10, 0)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="cuts the connections of PostgreSQL")
def test_a_worker_continues_after_its_connections_are_closed(fleet_of: Any, administrator: Any, crowd: Crowd) -> None:
    crowd.seconds = 0.3
    fleet_of(20, 2)
    sweep = sweeps.start_sweep(actor=administrator)
    stop = threading.Event()

    def cut() -> None:
        for _time in range(3):
            if stop.wait(1.5):
                break
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        connection.close()

    cutter = threading.Thread(target=cut)
    connection.close()
    cutter.start()
    try:
        assert check_worker.run_check_worker() == 40
    finally:
        stop.set()
        cutter.join(10)

    sweep.refresh_from_db()
    assert (sweep.state, sweep.done, sweep.broken) == (SweepState.DONE, 40, 0)
    assert crowd.max_per_host == 1


@pytest.mark.worker
def test_a_real_worker_runs_a_sweep(worker: Any, fleet_of: Any, administrator: Any) -> None:
    fleet_of(10, 3)
    sweep = sweeps.start_sweep(actor=administrator)

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not Sweep.objects.get().is_finished:
        time.sleep(0.1)

    sweep.refresh_from_db()
    assert (sweep.state, sweep.done) == (SweepState.DONE, 30), worker.log.read_text()[-3000:]
