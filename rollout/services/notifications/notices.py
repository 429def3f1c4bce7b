"""Writes notices: what happened that people and other systems want to hear of.

1. A notice is written in the transaction that stores what it speaks of: there is none without the other.
2. Whoever writes notices holds the end of the audit chain to the commit. So their numbers become visible in order, and
   a reader who has come to one number has missed none below it: digests and webhooks only remember how far they came.
3. Repeats of a flip within the cool-down are held as one row for each site, told under a new number once it is over.
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
from rollout.notifications import cool_down, facts
from rollout.services import audit
from rollout.services.rows import update_rows

Evaluated = tuple[Site, CheckRun, Observation, Evaluation, bool, tuple[str, str]]
AT_ONCE = 1000
KEPT = timedelta(days=90)


def notice_changes(batch: Iterable[Evaluated]) -> int:
    """Write the notices of a batch of judged runs, in the caller's transaction that holds their sites; return how many.

    Each is ``(site, run, observation, judgement, changed, was)``; ``changed`` is False for a first judgement, ``was``
    are the verdicts with and without MDM before. The number of statements does not depend on the size of the batch.
    """
    now, evaluated = timezone.now(), list(batch)
    found = _not_told_yet([notice for item in evaluated for notice in _noteworthy(item, now)])
    flips = [_flip(item, now) for item in evaluated if item[4]]
    if found or flips:
        with transaction.atomic():
            audit.lock_chain_head()
            Notice.objects.bulk_create(found + _told_or_held(flips, now), batch_size=AT_ONCE)
    return len(found) + len(flips)


def notice_sweep_failure(sweep: Sweep) -> None:
    """Write that a sweep failed, once, in the caller's transaction."""
    subject = f"sweep:{sweep.pk}"
    details = {name: getattr(sweep, name) for name in ("total", "done", "failing", "broken")}
    with transaction.atomic():
        audit.lock_chain_head()
        if not Notice.objects.filter(subject=subject).exists():
            Notice.objects.create(
                kind=NoticeKind.SWEEP, sweep=sweep, subject=subject, details=details, at=timezone.now()
            )


def release_held() -> int:
    """Tell what was held and whose cool-down is over, under new numbers; return how many notices that made."""
    now = timezone.now()
    if not Notice.objects.filter(held_until__lte=now).exists():
        return 0
    with transaction.atomic():
        audit.lock_chain_head()
        held = list(Notice.objects.filter(held_until__lte=now).order_by("pk")[:AT_ONCE])
        Notice.objects.filter(pk__in=[row.pk for row in held]).delete()
        for row in held:
            row.pk, row.held_until, row.at = None, None, now
        Notice.objects.bulk_create(held, batch_size=AT_ONCE)
    return len(held)


def prune(*, now: datetime) -> int:
    """Delete notices that everybody has had a season to read; return how many."""
    old = Notice.objects.filter(at__lt=now - KEPT).order_by("pk").values("pk")[: 10 * AT_ONCE]
    return Notice.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]


def _noteworthy(item: Evaluated, now: datetime) -> list[Notice]:
    """What the observation itself is worth telling, told before or not."""
    site, run, observation = item[:3]
    found = {
        NoticeKind.CERTIFICATE: facts.certificate_notice(site.pk, observation, now),
        NoticeKind.CLIENT_ID: facts.client_id_notice(site.pk, observation),
    }
    return [
        Notice(kind=kind, site=site, run=run, subject=notice[0], details=notice[1], at=now)
        for kind, notice in found.items()
        if notice
    ]


def _not_told_yet(notices: list[Notice]) -> list[Notice]:
    """Those whose subject was never told. The caller holds the sites, so nobody tells it meanwhile."""
    if not notices:
        return []
    subjects = [notice.subject for notice in notices]
    told = set(Notice.objects.filter(subject__in=subjects).values_list("subject", flat=True))
    return [notice for notice in notices if notice.subject not in told]


def _flip(item: Evaluated, now: datetime) -> Notice:
    site, run, _observation, evaluation, _changed, was = item
    details = cool_down.flip(was, (evaluation.mdm.verdict.value, evaluation.non_mdm.verdict.value))
    return Notice(kind=NoticeKind.VERDICT, site=site, run=run, subject=f"verdict:{site.pk}", details=details, at=now)


def _told_or_held(flips: Sequence[Notice], now: datetime) -> list[Notice]:
    """The flips to insert: told at once, or the first that is held; those held already are counted in their rows."""
    if not flips:
        return []
    pause = timedelta(hours=settings.NOTICE_COOL_DOWN_HOURS)
    earlier = Notice.objects.filter(subject__in=[flip.subject for flip in flips])
    told = dict(earlier.told().filter(at__gt=now - pause).order_by("at").values_list("subject", "at"))
    held = {row.subject: row for row in earlier.filter(held_until__isnull=False)}
    for flip in flips:
        if flip.subject in held:
            row = held[flip.subject]
            row.details, row.run_id, row.at = cool_down.added(row.details, flip.details), flip.run_id, now
        else:
            flip.held_until = cool_down.held_until(told.get(flip.subject), now=now, cool_down=pause)
    update_rows(list(held.values()), ["details", "run", "at"])
    return [flip for flip in flips if flip.subject not in held]
