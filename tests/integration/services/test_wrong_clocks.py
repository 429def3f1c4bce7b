"""Work waits for the times that Gatepass sets, and not for those of a clock that was wrong."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from portal.accounts import account_notices
from portal.models import AccountNotice
from rollout.models import (
    CheckRun,
    Notice,
    NotificationPreference,
    ProbeHost,
    Rehearsal,
    RunState,
    Site,
    SiteCredential,
    Sweep,
    SweepState,
    WebhookDelivery,
)
from rollout.notifications import back_off
from rollout.services import plugins, rehearsals
from rollout.services.checks import check_runs, due_times, leases, sweeps
from rollout.services.checks.check_worker import wake_check_workers
from rollout.services.notifications import deliveries, digests, notices, webhooks
from tests.support.evaluated_notices import BROKEN, READY, flip

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)


class Wait(NamedTuple):
    """A time in the database that work waits for: at most ``longest`` from now. ``works`` tries to work."""

    rows: QuerySet[Any]
    field: str
    longest: timedelta
    works: Callable[[], object]


@pytest.fixture
def run(site: Site, administrator: Any) -> CheckRun:
    return check_runs.request_check(site=site, actor=administrator, trigger="button")


def claim() -> list[CheckRun]:
    return leases.swap_leases(lease=uuid.uuid4().hex, limit=5)


def host_lease(run: CheckRun, **_fixtures: Any) -> Wait:
    row = ProbeHost.objects.create(host=run.host, lease="other")
    return Wait(ProbeHost.objects.filter(pk=row.pk), "leased_until", leases.LEASE, claim)


def pause_of_host(run: CheckRun, **_fixtures: Any) -> Wait:
    row = ProbeHost.objects.create(host=run.host)
    pause = timedelta(seconds=settings.PROBE_HOST_PAUSE)
    return Wait(ProbeHost.objects.filter(pk=row.pk), "free_at", pause, claim)


def slots_of_all_workers(run: CheckRun, **_fixtures: Any) -> Wait:
    """As many hosts are leased as may be checked at once."""
    ProbeHost.objects.bulk_create(ProbeHost(host=f"{n}.test", lease="a") for n in range(settings.PROBE_SITES_AT_ONCE))
    return Wait(ProbeHost.objects.all(), "leased_until", leases.LEASE, claim)


def tasks_of_all_workers(run: CheckRun, **_fixtures: Any) -> Wait:
    ProbeHost.objects.bulk_create(ProbeHost(host=f"{n}.test", lease=str(n)) for n in range(10))
    return Wait(ProbeHost.objects.all(), "leased_until", leases.LEASE, wake_check_workers)


def check_run_lease(run: CheckRun, **_fixtures: Any) -> Wait:
    CheckRun.objects.update(state=RunState.RUNNING, lease="other")
    return Wait(CheckRun.objects.all(), "lease_until", leases.LEASE, claim)


def sign_in_test_lease(site: Site, administrator: Any, **_fixtures: Any) -> Wait:
    rehearsals.request_rehearsal(actor=administrator, site=site)
    Rehearsal.objects.update(state=RunState.RUNNING)
    return Wait(Rehearsal.objects.all(), "lease_until", rehearsals.LEASE, rehearsals.waiting_rehearsals)


def next_check_of_site(site: Site, **_fixtures: Any) -> Wait:
    CheckRun.objects.update(state=RunState.DONE)
    rows = Site.objects.filter(pk=site.pk)
    every = timedelta(minutes=settings.SWEEP_EVERY_MINUTES)
    return Wait(rows, "check_due_at", every + due_times.longest_interval(), sweeps.start_due_sweep)


def last_scheduled_sweep(site: Site, **_fixtures: Any) -> Wait:
    CheckRun.objects.update(state=RunState.DONE)
    now = timezone.now()
    Site.objects.update(check_due_at=now)
    Sweep.objects.create(trigger=Sweep.Trigger.SCHEDULE, state=SweepState.DONE, started_at=now, finished_at=now)
    return Wait(Sweep.objects.all(), "started_at", timedelta(0), sweeps.start_due_sweep)


def last_reading_of_plugins(site: Site, **_fixtures: Any) -> Wait:
    SiteCredential.objects.create(site=site, token="x", stored_at=timezone.now())
    return Wait(SiteCredential.objects.all(), "last_used_at", timedelta(0), plugins._next_due)


def held_notice(site: Site, **_fixtures: Any) -> Wait:
    flip(site, READY, BROKEN)
    flip(site, BROKEN, READY)
    cool_down = timedelta(hours=settings.NOTICE_COOL_DOWN_HOURS)
    return Wait(Notice.objects.exclude(held_until=None), "held_until", cool_down, notices.release_held)


def last_notice(site: Site, **_fixtures: Any) -> Wait:
    flip(site, READY, BROKEN)

    def tell() -> bool:
        flip(site, BROKEN, READY)
        return Notice.objects.order_by("-pk")[0].held_until is None

    return Wait(Notice.objects.all(), "at", timedelta(0), tell)


def digest_lease(site: Site, administrator: Any, **_fixtures: Any) -> Wait:
    return Wait(_preferences(site), "lease_until", digests.LEASE, lambda: digests._claim(timezone.now()))


def next_digest(site: Site, administrator: Any, **_fixtures: Any) -> Wait:
    return Wait(_preferences(site), "next_digest_at", digests.LONGEST_WAIT, lambda: digests._claim(timezone.now()))


def _preferences(site: Site) -> QuerySet[NotificationPreference]:
    flip(site)
    digests.preferences.enroll(timezone.now())
    return NotificationPreference.objects.all()


def pause_of_webhook(site: Site, administrator: Any, **_fixtures: Any) -> Wait:
    rows = _delivery(site, administrator)
    webhook = rows.get().webhook
    webhooks_ = type(webhook).objects.all()
    return Wait(webhooks_, "not_before", back_off.LONGEST_PAUSE, lambda: deliveries._claim(webhook.pk))


def next_attempt_of_delivery(site: Site, administrator: Any, **_fixtures: Any) -> Wait:
    rows = _delivery(site, administrator)
    webhook_id = rows.get().webhook_id
    longest = back_off.LONGEST_DELIVERY_DELAY
    return Wait(rows, "next_attempt_at", longest, lambda: deliveries._claim(webhook_id))


def waiting_webhook(site: Site, administrator: Any, **_fixtures: Any) -> Wait:
    rows = _delivery(site, administrator)
    return Wait(rows, "next_attempt_at", back_off.LONGEST_DELIVERY_DELAY, deliveries.waiting_webhooks)


def delivery_lease(site: Site, administrator: Any, **_fixtures: Any) -> Wait:
    rows = _delivery(site, administrator)
    webhook_id = rows.get().webhook_id
    return Wait(rows, "lease_until", deliveries.LEASE, lambda: deliveries._claim(webhook_id))


def _delivery(site: Site, administrator: Any) -> QuerySet[WebhookDelivery]:
    webhooks.create_webhook(actor=administrator, name="Chat", url="http://127.0.0.1:1/", kinds=webhooks.KINDS)
    flip(site)
    assert deliveries.make_deliveries() == 1
    return WebhookDelivery.objects.all()


def account_notice(administrator: Any, **_fixtures: Any) -> Wait:
    account_notices.notify(person=administrator, kind=AccountNotice.Kind.ROLE, actor=None)
    longest = account_notices.DELAYS[-1]
    return Wait(AccountNotice.objects.all(), "due_at", longest, account_notices.send_due_notices)


WAITS = [
    host_lease, pause_of_host, slots_of_all_workers, tasks_of_all_workers, check_run_lease, sign_in_test_lease,
    next_check_of_site, last_scheduled_sweep, last_reading_of_plugins, held_notice, last_notice, digest_lease,
    next_digest, pause_of_webhook, next_attempt_of_delivery, waiting_webhook, delivery_lease, account_notice,
]  # fmt: skip


@pytest.fixture
def wait(request: pytest.FixtureRequest, site: Site, run: CheckRun, administrator: Any) -> Wait:
    return request.param(site=site, run=run, administrator=administrator)


@pytest.mark.parametrize("wait", WAITS, indirect=True, ids=lambda make: make.__name__)
def test_work_waits_for_the_longest_time_that_is_set(wait: Wait) -> None:
    assert wait.rows.update(**{wait.field: timezone.now() + wait.longest})
    assert not wait.works()


@pytest.mark.parametrize("wait", WAITS, indirect=True, ids=lambda make: make.__name__)
def test_work_does_not_wait_for_a_time_further_ahead(wait: Wait) -> None:
    assert wait.rows.update(**{wait.field: timezone.now() + YEAR})
    assert wait.works()


@pytest.mark.parametrize("field", ["leased_until", "free_at"])
def test_a_time_further_ahead_is_no_sign_of_a_worker(run: CheckRun, field: str) -> None:
    CheckRun.objects.update(requested_at=timezone.now() - timedelta(hours=1))
    row = ProbeHost.objects.create(host="other.test", lease="other")
    ProbeHost.objects.update(**{field: timezone.now()})
    assert not leases.is_stalled(timezone.now())
    ProbeHost.objects.filter(pk=row.pk).update(**{field: timezone.now() + YEAR})
    assert leases.is_stalled(timezone.now())


def test_the_holder_of_such_a_lease_keeps_it(run: CheckRun) -> None:
    """Its clock jumped while it was working, and no other worker has taken over."""
    (taken,) = leases.swap_leases(lease="mine", limit=1)
    ProbeHost.objects.update(leased_until=timezone.now() + YEAR)
    CheckRun.objects.update(lease_until=timezone.now() + YEAR)
    leases.extend(lease="mine", runs=[taken.pk], hosts=[taken.host])
    assert claim() == []
    assert ProbeHost.objects.get().leased_until < timezone.now() + 2 * leases.LEASE  # type: ignore[operator]
