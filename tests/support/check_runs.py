"""Run checks in the process of the test, with the steps of a worker."""

from __future__ import annotations

import asyncio
import uuid

from django.conf import settings

from rollout.services.checks import leases
from rollout.services.checks.check_runs import probe, targets_of
from rollout.services.checks.evaluations import record


def run_queued_checks() -> list[int]:
    """Probe and evaluate all queued runs; return their ids."""
    done: list[int] = []
    lease = uuid.uuid4().hex
    while taken := leases.swap_leases(lease=lease, limit=settings.PROBE_SITES_AT_ONCE):
        targets = targets_of(taken)
        try:
            record([asyncio.run(probe(run, targets[run.pk])) for run in taken])
        finally:
            leases.release(lease=lease, hosts=[run.host for run in taken], pause=0)
        done += [run.pk for run in taken]
    return done
