"""Verifies the audit trail: every event fits the one before it, from the first to the last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rollout.actor import Actor
from rollout.models import AuditEvent, AuditHead

from .audit import FIRST_HASH, hash_of, locked_chain_head, record


@dataclass(frozen=True)
class ChainReport:
    """``events`` counted; ``broken_at`` is the number of the first event that does not fit, None when all do."""

    events: int
    broken_at: int | None
    checked_at: datetime

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def verify_log(*, actor: Actor, max_events: int) -> ChainReport | None:
    """Verify the chain for a person and record that they did; None, and no event, when it has more than ``longest``."""
    head = AuditHead.objects.filter(pk=1).first()
    if head is not None and head.number > max_events:
        return None
    report = verify_chain()
    details = {"events": report.events, "broken_at": report.broken_at}
    record(actor=actor, action="activity.verified", details=details)
    return report


def verify_chain() -> ChainReport:
    """Walk the whole chain, first to last, in constant memory, while others go on writing.

    The long part is read without a lock up to where the chain ended at the start; only what was written meanwhile is
    read with its end held fast, so that a trail in use is not taken for a broken one.
    """
    head = AuditHead.objects.filter(pk=1).first()
    walked = _walk(AuditEvent.objects.filter(number__lte=head.number if head else 0), 0, FIRST_HASH)
    if isinstance(walked, int):
        return ChainReport(walked - 1, walked, timezone.now())
    with transaction.atomic():
        head = locked_chain_head()
        walked = _walk(AuditEvent.objects.filter(number__gt=walked[0]), *walked)
    if isinstance(walked, int):
        return ChainReport(walked - 1, walked, timezone.now())
    number, _hash = walked
    return ChainReport(number, None if walked == (head.number, head.hash) else number + 1, timezone.now())


def _walk(events: QuerySet[AuditEvent], number: int, previous: str) -> tuple[int, str] | int:
    """The number and hash of the last of ``events`` that follow on these; the number of the first that does not fit."""
    for event in events.order_by("number").iterator(chunk_size=2000):
        if event.number != number + 1 or event.previous_hash != previous or event.hash != hash_of(event):
            return number + 1
        number, previous = event.number, event.hash
    return number, previous
