"""Deletes old check runs in small batches, so that no lock is held long."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from rollout.models import CheckRun, RunState, Sweep

BATCH_SIZE = 500


def remove_old_runs(*, seconds: float = 60) -> int:
    """Delete finished runs older than CHECK_RUNS_KEPT_DAYS, for at most ``seconds``; return how many.

    A site's latest evaluated run and every run that changed a verdict are kept: they are its history.
    """
    ends, removed = time.monotonic() + seconds, 0
    before = timezone.now() - timedelta(days=settings.CHECK_RUNS_KEPT_DAYS)
    newer = CheckRun.objects.filter(site=OuterRef("site"), pk__gt=OuterRef("pk"), state=RunState.DONE)
    old = CheckRun.objects.filter(
        Q(state=RunState.FAILED) | Q(Exists(newer), state=RunState.DONE), requested_at__lt=before, changed_at=None
    ).order_by("requested_at")
    while time.monotonic() < ends:
        ids = list(old.values_list("pk", flat=True)[:BATCH_SIZE])
        with transaction.atomic():
            CheckRun.objects.filter(pk__in=ids).delete()
        removed += len(ids)
        if len(ids) < BATCH_SIZE:
            break
    Sweep.objects.filter(finished_at__lt=before, runs=None).delete()
    return removed
