"""Concurrent writers: no deadlocks, nothing happens twice, and the audit chain stays intact."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from rollout.mdm.diff import Loss
from rollout.models import AuditEvent, CheckRun, ConfigurationRelease, RunState, Site, Wave
from rollout.services import audit, configurations, imports, links, passes, sign_ins, sites, waves
from rollout.services.audit_verification import verify_chain
from rollout.services.checks import check_runs, leases
from rollout.services.checks.evaluations import ProbeResult, record
from tests.support.environment import LONG
from tests.support.evaluated import observation

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 120 if LONG else 12  # of each of six writers


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    """Run the functions in threads that start together; return the exceptions."""
    start, raised = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(20)
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads), "deadlock"
    return raised


def repeated(seed: int, *works: Callable[[int], object]) -> Callable[[], None]:
    """Return the functions in a random order that is the same in each test run."""

    def run() -> None:
        order = random.Random(seed)
        for number in range(ROUNDS):
            order.choice(works)(seed * 1000 + number)

    return run


@pytest.fixture
def fleet_of_two(make_site: Any, alice: Any) -> list[Site]:
    return [make_site(owners=[alice], people=1) for _ in range(2)]


def test_it_works(fleet_of_two: list[Site], make_site: Any, administrator: Any, alice: Any) -> None:
    """Run all writes that take several locks against each other, on the same two sites."""
    one, two = fleet_of_two
    provided = make_site(owners=[alice], provider="gatepass", slug="pilot")
    app = links.create_link(actor=alice, site=provided, redirect_url="confluence-server://oauth-callback")
    everything = Site.objects.all()
    later = timezone.now() + timedelta(days=1)

    def change(site: Site) -> Callable[[int], object]:
        return lambda n: sites.update_site(actor=alice, site=site, people=n, oauth_plugin_version=f"4.{n}.0")

    def bring_in(n: int) -> object:
        lines = [f"Imported {row.pk},{row.base_url},{n + 1}" for row in (two, one)]
        new = f"New {n},https://new-{n}.example.com,1"
        data = "\n".join(["title,base_url,people", *lines, new]).encode()
        report = imports.import_sites(actor=administrator, data=data, dry_run=False)
        assert report.applied, report.errors
        return report

    def link(site: Site) -> Callable[[int], object]:
        def make_and_revoke(n: int) -> None:
            redirect_url = "confluence-server://oauth-callback"
            made = links.create_link(actor=alice, site=site, redirect_url=redirect_url, client_id=f"client-{n}")
            links.rotate_link(actor=alice, link=made, client_id=f"other-{n}")
            links.revoke_link(actor=alice, link=made)

        return make_and_revoke

    def sign_in(n: int) -> object:
        return sign_ins.record_sign_in(person=alice, client_id=app.client_id, user_agent=f"iPhone {n}")

    def issue(n: int) -> object:
        return passes.issue_pass(actor=alice, label=f"Pass {n}", sites=[two, one], expires_at=later)

    def ask(site: Site) -> Callable[[int], object]:
        def request_and_observe(n: int) -> None:
            check_runs.request_check(site=site, actor=alice, trigger=CheckRun.Trigger.BUTTON)
            lease = f"{threading.get_ident()}-{n}"
            for taken in leases.swap_leases(lease=lease, limit=1):
                record([ProbeResult(taken.pk, taken.site_id, lease, observation(taken.site))])
                leases.release(lease=lease, hosts=[taken.host])

        return request_and_observe

    def publish(n: int) -> object:
        everything.filter(pk=one.pk).update(
            title=f"Site {threading.get_ident()} {n}"
        )  # else there is nothing to publish
        with contextlib.suppress(ValidationError):  # another thread has just published the same
            return configurations.publish_release(
                actor=administrator, sites=everything, note=f"{n}", confirmed=list(Loss)
            )
        return None

    raised = at_once(
        repeated(1, change(one), change(two), change(provided), bring_in),
        repeated(2, ask(one), ask(two), sign_in),
        repeated(3, publish, issue, sign_in),
        repeated(4, link(one), issue, ask(two)),
        repeated(5, bring_in, publish, change(one)),
        repeated(6, lambda n: verify_chain(), ask(one), issue),
    )

    assert raised == []
    assert verify_chain().intact
    numbers = list(AuditEvent.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    released = list(ConfigurationRelease.objects.order_by("number").values_list("number", flat=True))
    assert released == list(range(1, len(released) + 1))
    unfinished = CheckRun.objects.exclude(state__in=[RunState.DONE, RunState.FAILED])
    assert all(unfinished.filter(site=site).count() <= 1 for site in fleet_of_two)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time, so it cannot deadlock")
def test_a_row_that_points_at_a_locked_site_is_committed_without_waiting(site: Site, alice: Any) -> None:
    """One transaction locks the site and needs the chain's head; the other has the head and adds a row for the site."""
    has_site, has_head = threading.Event(), threading.Event()

    def edit() -> None:
        with transaction.atomic():
            Site.objects.select_for_update(no_key=True).get(pk=site.pk)
            has_site.set()
            assert has_head.wait(20)
            audit.record(actor=alice, action="test.edited", target=site)

    def issue() -> None:
        assert has_site.wait(20)
        with transaction.atomic():
            later = timezone.now() + timedelta(days=1)
            passes.issue_pass(actor=alice, label="Alice", sites=[site], expires_at=later)
            has_head.set()

    assert at_once(edit, issue) == []


def test_no_lock_is_stronger_than_necessary(request: pytest.FixtureRequest) -> None:
    """``select_for_update()`` alone blocks commits that reference the locked row."""
    root = request.config.rootpath
    found = [
        f"{path.relative_to(root)}: {line.strip()}"
        for room in ("portal", "rollout", "oauth_provider")
        for path in (root / room).rglob("*.py")
        for line in path.read_text().splitlines()
        if "select_for_update(" in line and "no_key=True" not in line
    ]
    assert found == []


def test_a_form_sent_twice_adds_one_site(alice: Any) -> None:
    def add() -> object:
        return sites.create_site(actor=alice, title="Wiki", base_url="https://twice.example.com", owners=[alice])

    raised = at_once(*[add] * 4)

    assert [type(error) for error in raised] == [ValidationError] * 3
    assert Site.objects.filter(base_url="https://twice.example.com").count() == 1


def test_a_form_sent_twice_creates_one_wave(site: Site, administrator: Any) -> None:
    raised = at_once(*[lambda: waves.create_wave(actor=administrator, title="Pilot", sites=[site])] * 4)

    assert [type(error) for error in raised] == [ValidationError] * 3
    assert Wave.objects.count() == 1


def test_one_file_imported_twice_at_once_adds_its_sites_once(administrator: Any) -> None:
    lines = [f"Site {n},https://many-{n}.example.com" for n in range(50)]

    def bring_in(rows: list[str]) -> Callable[[], object]:
        data = "\n".join(["title,base_url", *rows]).encode()
        return lambda: imports.import_sites(actor=administrator, data=data, dry_run=False)

    assert at_once(*[bring_in(lines), bring_in(lines[::-1])] * 2) == []
    assert Site.objects.count() == 50
    assert verify_chain().intact


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite reads a whole chain at one moment")
def test_verification_during_writes_reports_no_error(site: Site, alice: Any) -> None:
    def write() -> None:
        for _ in range(60):
            audit.record(actor=alice, action="test.written", target=site)

    def verify() -> None:
        for _ in range(25):
            assert verify_chain().intact

    assert at_once(write, write, verify) == []
    assert verify_chain().events == 120
