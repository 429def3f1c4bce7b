"""Verifies the integrity of the audit log: each event contains the hash of the previous one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rollout.actor import Actor
from rollout.models import AuditEvent, AuditHead

from .audit import FIRST_HASH, hash_of, lock_chain_head, record


@dataclass(frozen=True)
class ChainReport:
    """Result: ``events`` are intact; ``broken_at`` is the number of the first event that was altered, or None."""

    events: int
    broken_at: int | None
    checked_at: datetime

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def verify_log(*, actor: Actor, max_events: int) -> ChainReport | None:
    """Verify the log and record that ``actor`` did. Return None if it has more than ``max_events``."""
    head = AuditHead.objects.filter(pk=1).first()
    if head is not None and head.number > max_events:
        return None
    report = verify_chain()
    details = {"events": report.events, "broken_at": report.broken_at}
    record(actor=actor, action="activity.verified", details=details)
    return report


def verify_chain() -> ChainReport:
    """Verify all events in constant memory while new events are written.

    Most events are read without a lock, up to the head at the start. Only events written since then are read with the
    head locked, so that concurrent writes are not reported as alterations.
    """
    head = AuditHead.objects.filter(pk=1).first()
    result = _walk(AuditEvent.objects.filter(number__lte=head.number if head else 0), 0, FIRST_HASH)
    if isinstance(result, int):
        return ChainReport(result - 1, result, timezone.now())
    with transaction.atomic():
        head = lock_chain_head()
        result = _walk(AuditEvent.objects.filter(number__gt=result[0]), *result)
    if isinstance(result, int):
        return ChainReport(result - 1, result, timezone.now())
    number, _hash = result
    return ChainReport(number, None if result == (head.number, head.hash) else number + 1, timezone.now())


def _walk(events: QuerySet[AuditEvent], number: int, previous: str) -> tuple[int, str] | int:
    """Verify ``events`` after the given number and hash. Return the last number and hash, or the first wrong number."""
    for event in events.order_by("number").iterator(chunk_size=2000):
        if event.number != number + 1 or event.previous_hash != previous or event.hash != hash_of(event):
            return number + 1
        number, previous = event.number, event.hash
    return number, previous
