"""Verifies the integrity of the audit log: each event contains the hash of the previous one.

Personal data beside an event must match its digests, or be marked as erased by an event that records this erasure.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rollout.actor import Actor
from rollout.models import AuditEvent, AuditHead, AuditPersonalData
from rollout.models.audit import ERASURES

from .audit import FIRST_HASH, HALVES, digest_of, hash_of, lock_chain_head, record, signature_of
from .audit_erasure import erasure_of
from .audit_keys import UnknownKeyError


@dataclass(frozen=True)
class ChainReport:
    """Result: ``events`` are intact; ``broken_at`` is the number of the first event that was altered, or None.

    ``missing_key`` is the id of a key that is not in the settings; the event ``broken_at`` could then not be verified.
    """

    events: int
    broken_at: int | None
    checked_at: datetime
    missing_key: str = ""

    @property
    def intact(self) -> bool:
        return self.broken_at is None


@dataclass(frozen=True)
class _Position:
    """The last intact event: its number, hash and key; ``broken`` if the next one is not intact."""

    number: int = 0
    hash: str = FIRST_HASH
    key_id: str | None = None
    broken: bool = False
    missing_key: str = ""

    def report(self) -> ChainReport:
        return ChainReport(self.number, self.number + 1 if self.broken else None, timezone.now(), self.missing_key)


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
    head, marks = AuditHead.objects.filter(pk=1).first(), dict[int, int]()
    position = _walk(AuditEvent.objects.filter(number__lte=head.number if head else 0), _Position(), marks)
    if position.broken:
        return position.report()
    with transaction.atomic():
        head = lock_chain_head()
        position = _walk(AuditEvent.objects.filter(number__gt=position.number), position, marks)
    if not position.broken and not _is_end(position, head):
        position = replace(position, broken=True)
    if not position.broken and marks:  # erased without an event that records it
        position = _Position(min(marks.values()) - 1, broken=True)
    return position.report()


def _walk(events: QuerySet[AuditEvent], position: _Position, marks: dict[int, int]) -> _Position:
    """Verify ``events`` after a position. Once an event is signed, all later ones must be.

    ``marks`` collects the erasures that personal data is marked with, each with the first such event, until their own
    event confirms them.
    """
    for event in events.select_related("personal_data").order_by("number").iterator(chunk_size=2000):
        is_next = event.number == position.number + 1 and event.previous_hash == position.hash
        if not is_next or (event.key_id is None and position.key_id is not None):
            return replace(position, broken=True)
        try:
            is_intact = hmac.compare_digest(event.hash, hash_of(event))
        except UnknownKeyError:
            return replace(position, broken=True, missing_key=event.key_id or "")
        if not is_intact or not _is_personal_data_intact(event, marks) or not _is_erasure_intact(event, marks):
            return replace(position, broken=True)
        position = _Position(event.number, event.hash, event.key_id)
    return position


def _is_personal_data_intact(event: AuditEvent, marks: dict[int, int]) -> bool:
    """Whether each half matches its digest or is erased; ``marks`` then gets the number of the erasure."""
    data = getattr(event, "personal_data", None) or AuditPersonalData()
    for half, names in HALVES.items():
        digest, erased_by = getattr(event, f"{half}_digest"), getattr(data, f"{half}_erased_by")
        if digest and erased_by is None:
            if not hmac.compare_digest(digest, digest_of(data, half)):
                return False
        elif any(getattr(data, name) for name in (*names, f"{half}_salt")) or not (digest or erased_by is None):
            return False
        elif digest:
            marks.setdefault(erased_by, event.number)
    return True


def _is_erasure_intact(event: AuditEvent, marks: dict[int, int]) -> bool:
    """Whether exactly those halves are marked with the number of this event that it erased, if it erased any."""
    if event.action not in ERASURES:
        return True
    marks.pop(event.number, None)
    return erasure_of(event.number)._asdict().items() <= event.details.items()


def _is_end(position: _Position, head: AuditHead) -> bool:
    """Whether the head names this event as the newest one. The head of a log with events must be signed."""
    if (position.number, position.hash) != (head.number, head.hash):
        return False
    if not head.number:
        return True
    return position.key_id is not None and hmac.compare_digest(head.signature, signature_of(head, position.key_id))
