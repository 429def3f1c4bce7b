"""The metrics of Gatepass in Prometheus's text format.

Counters are kept by the web processes. Gauges are the state of the database, which is read at the scrape, so each web
container returns the same ones. Names: https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Count, F, Min, Q
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from portal.accounts.account_notices import DELAYS
from portal.models import AccountNotice
from rollout.compatibility.verdict import Setup, Verdict
from rollout.models import (
    CheckRun,
    DeliveryState,
    EnrollmentPass,
    NotificationPreference,
    ProbeHost,
    Site,
    SweepState,
    WebhookDelivery,
)
from rollout.models.waiting_times import is_ahead
from rollout.services.checks.leases import LEASE

log = logging.getLogger(__name__)
disable_created_metrics()  # a second series for each counter, which no one asked for
READY = {Setup.MDM: Verdict.READY_MDM, Setup.NON_MDM: Verdict.READY_NON_MDM}


def metrics_text() -> bytes:
    """Return all metrics: the counters of all processes of this web server, and the gauges of the database."""
    counters = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # set by `manage.py serve` for more than one process
        counters = CollectorRegistry()
        MultiProcessCollector(counters)
    return generate_latest(counters) + generate_latest(_gauges)


class DatabaseCollector(Collector):
    """Reads the gauges with a constant number of queries. Without a database, only ``gatepass_database_up`` is left."""

    def collect(self) -> Iterator[Metric]:
        try:
            gauges = list(_read(timezone.now()))
        except DatabaseError as error:
            log.warning("metrics_without_database: %s", type(error).__name__)
            gauges = []
        yield _gauge("gatepass_database_up", "Whether the database responds.", bool(gauges))
        yield from gauges


_gauges = CollectorRegistry()
_gauges.register(DatabaseCollector())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _read(now: datetime) -> Iterator[Metric]:
    yield _sites()
    yield from _checks(now)
    yield from _passes(now)
    yield from _messages(now)


def _sites() -> Metric:
    """The statuses of active sites. Every status has a sample, so that an alert on it sees a zero."""
    counted = Site.objects.active().order_by().values_list("mdm_verdict", "non_mdm_verdict").annotate(n=Count("pk"))
    family = GaugeMetricFamily("gatepass_sites", "Active sites by setup and status.", labels=["setup", "status"])
    rows = list(counted)
    for place, setup in enumerate((Setup.MDM, Setup.NON_MDM)):
        for status in (READY[setup], Verdict.ACTION_NEEDED, Verdict.INCOMPATIBLE, Verdict.UNKNOWN):
            family.add_metric([setup.value, status.value], sum(row[2] for row in rows if row[place] == status))
    return family


def _checks(now: datetime) -> Iterator[Metric]:
    """The queue without the checks of paused sweeps, which wait on purpose."""
    waiting = CheckRun.objects.waiting(now, LEASE).order_by().exclude(sweep__state=SweepState.PAUSED)
    queue = waiting.aggregate(n=Count("pk"), oldest=Min("requested_at"))
    age = max((now - queue["oldest"]).total_seconds(), 0) if queue["oldest"] else 0
    yield _gauge("gatepass_checks_waiting", "Checks that wait for a worker.", queue["n"])
    yield _gauge("gatepass_check_oldest_waiting_seconds", "Age of the oldest check that waits.", age)
    leased = ProbeHost.objects.filter(is_ahead("leased_until", now, LEASE))
    busy = leased.aggregate(hosts=Count("pk"), workers=Count("lease", distinct=True))
    yield _gauge("gatepass_check_workers", "Worker tasks that check sites now.", busy["workers"])
    yield _gauge("gatepass_check_hosts", "Hosts of sites that are being checked now.", busy["hosts"])


def _passes(now: datetime) -> Iterator[Metric]:
    of_active = Q(person=None) | Q(person__is_active=True)
    valid = Q(revoked_at=None, expires_at__gt=now) & of_active & (Q(max_uses=None) | Q(uses__lt=F("max_uses")))
    passes = EnrollmentPass.objects.aggregate(valid=Count("pk", filter=valid), used=Count("pk", filter=Q(uses__gt=0)))
    yield _gauge("gatepass_passes_valid", "Passes that can set up a phone.", passes["valid"])
    yield _gauge("gatepass_passes_used", "Passes that have set up a phone.", passes["used"])


def _messages(now: datetime) -> Iterator[Metric]:
    gave_up = Q(mailed_at=None, attempts__gt=len(DELAYS))
    notices = AccountNotice.objects.aggregate(
        sent=Count("pk", filter=~Q(mailed_at=None)),
        waiting=Count("pk", filter=Q(mailed_at=None) & ~gave_up),
        failed=Count("pk", filter=gave_up),
    )
    family = GaugeMetricFamily(
        "gatepass_account_mails", "E-mails about accounts of the last 90 days, by state.", labels=["state"]
    )
    for state in ("waiting", "sent", "failed"):
        family.add_metric([state], notices[state])
    yield family
    failing = NotificationPreference.objects.filter(failures__gt=0, person__is_active=True).count()
    yield _gauge("gatepass_digests_failing", "People whose last digest could not be sent.", failing)
    waiting = WebhookDelivery.objects.filter(state=DeliveryState.WAITING).count()
    yield _gauge("gatepass_webhook_deliveries_waiting", "Webhook messages that wait for an attempt.", waiting)
