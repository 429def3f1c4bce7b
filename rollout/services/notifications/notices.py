"""Creates notices: events that are sent by e-mail and webhooks.

1. A notice is created in the transaction that stores the event itself.
2. Code that creates notices locks the head of the audit chain until the commit. So notices become visible in the order
   of their ids, and digests and webhooks only need to store the id of the last notice they have sent.
3. Repeated verdict changes during the cool-down are merged into one held row per site. When the cool-down ends, the row
   is inserted again under a new id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rollout.compatibility.observation import Observation
from rollout.compatibility.verdict import Evaluation
from rollout.models import CheckRun, Notice, NoticeKind, Site, Sweep
from rollout.models.waiting_times import is_ahead, is_over
from rollout.notifications import cool_down, facts
from rollout.services import audit
from rollout.services.rows import update_rows

Evaluated = tuple[Site, CheckRun, Observation, Evaluation, bool, tuple[str, str]]
BATCH_SIZE = 1000
RETENTION = timedelta(days=90)


def notice_changes(batch: Iterable[Evaluated]) -> int:
    """Create the notices for a batch of evaluated runs. The caller's transaction has locked their sites.

    Each item is ``(site, run, observation, evaluation, changed, was)``: ``changed`` is False for a first evaluation,
    ``was`` holds the previous verdicts of the MDM and the Non-MDM setup. Return the number of notices. The number of
    statements does not depend on the size of the batch.
    """
    now, evaluated = timezone.now(), list(batch)
    new_facts = _without_existing([notice for item in evaluated for notice in _noteworthy(item, now)])
    changes = [_verdict_change(item, now) for item in evaluated if item[4]]
    if new_facts or changes:
        with transaction.atomic():
            audit.lock_chain_head()
            Notice.objects.bulk_create(new_facts + _hold_repeats(changes, now), batch_size=BATCH_SIZE)
    return len(new_facts) + len(changes)


def notice_sweep_failure(sweep: Sweep) -> None:
    """Create one notice that a sweep failed, in the caller's transaction."""
    subject = f"sweep:{sweep.pk}"
    details = {name: getattr(sweep, name) for name in ("total", "done", "failing", "broken")}
    with transaction.atomic():
        audit.lock_chain_head()
        if not Notice.objects.filter(subject=subject).exists():
            Notice.objects.create(
                kind=NoticeKind.SWEEP, sweep=sweep, subject=subject, details=details, at=timezone.now()
            )


def release_held() -> int:
    """Release held notices whose cool-down is over, under new ids. Return how many."""
    now = timezone.now()
    due = Notice.objects.filter(is_over("held_until", now, _cool_down()))
    if not due.exists():
        return 0
    with transaction.atomic():
        audit.lock_chain_head()
        held = list(due.order_by("pk")[:BATCH_SIZE])
        Notice.objects.filter(pk__in=[row.pk for row in held]).delete()
        for row in held:
            row.pk, row.held_until, row.at = None, None, now
        Notice.objects.bulk_create(held, batch_size=BATCH_SIZE)
    return len(held)


def prune(*, now: datetime) -> int:
    """Delete notices older than 90 days. Return how many."""
    old = Notice.objects.filter(at__lt=now - RETENTION).order_by("pk").values("pk")[: 10 * BATCH_SIZE]
    return Notice.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]


def _noteworthy(item: Evaluated, now: datetime) -> list[Notice]:
    """Return the notices about facts in the observation, including those that were already sent."""
    site, run, observation = item[:3]
    by_kind = {
        NoticeKind.CERTIFICATE: facts.certificate_notice(site.pk, observation, now),
        NoticeKind.CLIENT_ID: facts.client_id_notice(site.pk, observation),
    }
    return [
        Notice(kind=kind, site=site, run=run, subject=notice[0], details=notice[1], at=now)
        for kind, notice in by_kind.items()
        if notice
    ]


def _without_existing(notices: list[Notice]) -> list[Notice]:
    """Leave out notices whose subject already exists. The caller has locked the sites, so no other worker adds one."""
    if not notices:
        return []
    subjects = [notice.subject for notice in notices]
    existing = set(Notice.objects.filter(subject__in=subjects).values_list("subject", flat=True))
    return [notice for notice in notices if notice.subject not in existing]


def _verdict_change(item: Evaluated, now: datetime) -> Notice:
    site, run, _observation, evaluation, _changed, was = item
    details = cool_down.verdict_change(was, (evaluation.mdm.verdict.value, evaluation.non_mdm.verdict.value))
    return Notice(kind=NoticeKind.VERDICT, site=site, run=run, subject=f"verdict:{site.pk}", details=details, at=now)


def _hold_repeats(changes: Sequence[Notice], now: datetime) -> list[Notice]:
    """Return the changes to insert. A repeat is held; if a row is held already, the repeat is merged into it."""
    if not changes:
        return []
    pause = _cool_down()
    earlier = Notice.objects.filter(subject__in=[change.subject for change in changes])
    sent_at = dict(
        earlier.released().filter(is_ahead("at", now - pause, pause)).order_by("at").values_list("subject", "at")
    )
    held = {row.subject: row for row in earlier.filter(held_until__isnull=False)}
    for change in changes:
        if change.subject in held:
            row = held[change.subject]
            row.details, row.run_id, row.at = cool_down.merge(row.details, change.details), change.run_id, now
        else:
            change.held_until = cool_down.held_until(sent_at.get(change.subject), now=now, cool_down=pause)
    update_rows(list(held.values()), ["details", "run", "at"])
    return [change for change in changes if change.subject not in held]


def _cool_down() -> timedelta:
    return timedelta(hours=settings.NOTICE_COOL_DOWN_HOURS)
