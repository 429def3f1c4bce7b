"""Sweeps (on pages: bulk checks), each one check of many sites. Starts, pauses, resumes and ends them.

A sweep has failed if more than half of its runs failed because of errors in Gatepass. Unreachable sites do not make it
fail: that is a finding.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor, key_of
from rollout.models import CheckRun, RunState, Site, Sweep, SweepState
from rollout.models.check_run import UNFINISHED
from rollout.models.waiting_times import is_ahead
from rollout.services import audit
from rollout.services.notifications import notices
from rollout.services.queue import wake_worker

from .due_times import longest_interval

MANUAL_TRIGGERS = (Sweep.Trigger.BUTTON, Sweep.Trigger.COMMAND)


def start_sweep(*, actor: Actor | None, trigger: str = Sweep.Trigger.BUTTON) -> Sweep:
    """Queue a check of every active site without a waiting one. Raises ValidationError without writing anything."""
    with transaction.atomic():
        # Sites are locked first, by id, as everywhere; so two simultaneous requests run one after the other.
        sites = _without_run(Site.objects.active())
        if Sweep.objects.unfinished().filter(trigger__in=MANUAL_TRIGGERS).exists():
            raise ValidationError(
                _("A bulk check of all sites is running. Wait until it ends, or resume it if it is paused.")
            )
        if not sites:
            raise ValidationError(_("There is no site to check: all sites are already waiting for a check."))
        return _start(sites, actor=actor, trigger=trigger)


def start_due_sweep() -> Sweep | None:
    """Queue a check of every site that is due before the next sweep; None if it is not time yet, or no site is due."""
    now, every = timezone.now(), timedelta(minutes=settings.SWEEP_EVERY_MINUTES)
    scheduled = Sweep.objects.filter(trigger=Sweep.Trigger.SCHEDULE)
    if scheduled.filter(is_ahead("started_at", now - every, every) | Q(finished_at=None)).exists():
        return None
    with transaction.atomic():
        sites = _without_run(Site.objects.due_for_check(now + every, longest_interval()))
        # Two simultaneous beats: the second waited for the locks of the first, and sees its sweep now.
        if not sites or scheduled.filter(finished_at=None).exists():
            return None
        return _start(sites, actor=None, trigger=Sweep.Trigger.SCHEDULE)


def _without_run(sites: QuerySet[Site]) -> list[tuple[int, str, datetime | None]]:
    """Lock the sites; return id, base URL and due time of those without an unfinished run."""
    locked = sites.order_by("pk").select_for_update(no_key=True)
    rows = list(locked.values_list("pk", "base_url", "check_due_at"))
    has_run = CheckRun.objects.filter(state__in=UNFINISHED).order_by().values_list("site", flat=True)
    waiting = set(has_run)
    return [row for row in rows if row[0] not in waiting]


def _start(sites: list[tuple[int, str, datetime | None]], *, actor: Actor | None, trigger: str) -> Sweep:
    now = timezone.now()
    sweep = Sweep.objects.create(trigger=trigger, requested_by_id=key_of(actor), started_at=now)
    scheduled = trigger == Sweep.Trigger.SCHEDULE
    for start in range(0, len(sites), 1000):
        runs = [
            CheckRun(
                site_id=pk,
                host=urlsplit(base_url).netloc,
                trigger=CheckRun.Trigger.SCHEDULE if scheduled else CheckRun.Trigger.SWEEP,
                requested_by_id=key_of(actor),
                requested_at=now,
                sweep=sweep,
                due_at=due_at if scheduled else None,
            )
            for pk, base_url, due_at in sites[start : start + 1000]
        ]
        CheckRun.objects.bulk_create(runs, ignore_conflicts=True)  # each due time has one run only
    sweep.total = sweep.runs.count()
    sweep.save(update_fields=["total"])
    audit.record(actor=actor, action="sweep.started", target=sweep, details={"sites": sweep.total})
    wake_worker("pick_up_waiting_work")
    return sweep


def pause_sweep(*, actor: Actor | None, sweep: Sweep) -> bool:
    """Start no more sites of the sweep; running checks finish. False if it is not running."""
    with transaction.atomic():
        running = Sweep.objects.filter(pk=sweep.pk, state=SweepState.RUNNING)
        if not running.update(state=SweepState.PAUSED, paused_at=timezone.now()):
            return False
        audit.record(actor=actor, action="sweep.paused", target=sweep)
    return True


def resume_sweep(*, actor: Actor | None, sweep: Sweep) -> bool:
    """Resume a paused sweep. False if it is not paused."""
    with transaction.atomic():
        row = Sweep.objects.select_for_update(no_key=True).filter(pk=sweep.pk, state=SweepState.PAUSED).first()
        if row is None:
            return False
        row.paused_seconds += row.seconds_of_pause(timezone.now())
        row.state, row.paused_at = SweepState.RUNNING, None
        row.save(update_fields=["paused_seconds", "state", "paused_at"])
        audit.record(actor=actor, action="sweep.resumed", target=row)
        wake_worker("pick_up_waiting_work")
    return True


def finish_counted() -> None:
    """End the sweeps whose counters show that all their runs have finished."""
    for sweep in Sweep.objects.unfinished().filter(total__lte=F("done") + F("broken")):
        _finish(sweep.pk)


def finish_ended() -> None:
    """End the sweeps without an unfinished run, even if their counters differ because a site was deleted."""
    left = CheckRun.objects.filter(sweep=OuterRef("pk"), state__in=UNFINISHED)
    for sweep in Sweep.objects.unfinished().filter(~Exists(left)):
        _finish(sweep.pk)


def _finish(pk: int) -> None:
    with transaction.atomic():
        sweep = Sweep.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if sweep is None or sweep.is_finished or sweep.runs.filter(state__in=UNFINISHED).exists():
            return
        now = timezone.now()
        sweep.paused_seconds += sweep.seconds_of_pause(now)
        sweep.paused_at, sweep.finished_at, sweep.summary = None, now, _summary(sweep)
        sweep.state = SweepState.FAILED if sweep.broken * 2 > sweep.total else SweepState.DONE
        sweep.save()
        details = {"sites": sweep.done, "changed": sweep.changed, "failing": sweep.failing, "broken": sweep.broken}
        audit.record(actor=None, action="sweep.finished", target=sweep, details=details)
        if sweep.state == SweepState.FAILED:
            notices.notice_sweep_failure(sweep)


def _summary(sweep: Sweep) -> dict[str, dict[str, int]]:
    """Return how many sites of the sweep have which verdict, per setup."""
    evaluated = sweep.runs.filter(state=RunState.DONE).order_by()
    setups = {"mdm": "mdm_verdict", "non_mdm": "non_mdm_verdict"}
    return {
        setup: dict(evaluated.values_list(column).annotate(count=Count("pk")).values_list(column, "count"))
        for setup, column in setups.items()
    }
