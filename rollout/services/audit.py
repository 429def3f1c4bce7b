"""Writes the audit trail, and checks that nobody rewrote it.

Order of locks, everywhere: people, then sites (by id), then what hangs on them, then the head of the chain, which is
held to the end of the transaction: no row is locked after it. Locks are ``no_key``, because a row that points at a
locked one (a check run at its site) is checked at commit, with the head in hand, and must not wait for it then.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from rollout.models import AuditEvent, AuditHead
from rollout.ports import run_statement

FIRST_HASH = "0" * 64
_COLUMNS = [field.attname for field in AuditEvent._meta.concrete_fields if not field.primary_key]


def record(
    *, actor: Any, action: str, target: Model | None = None, label: str = "", details: dict[str, Any] | None = None
) -> None:
    """Append one event to the chain, in the caller's transaction; two statements, because every sign-in writes one.

    ``actor`` is a user, or None for Gatepass itself (a schedule or a command). ``label`` defaults to the
    target's own text. ``details`` never holds a value of a secret, a token or a note: names of fields and counts.
    """
    with transaction.atomic(savepoint=False):
        found = run_statement(_statements()["end"], {})
        head = AuditHead(id=1, number=found[0][0], hash=found[0][1]) if found else _locked_head()
        event = _next_event(head, actor=actor, action=action, target=target, label=label, details=details)
        values = {name: getattr(event, name) for name in _COLUMNS} | {
            "at": connection.ops.adapt_datetimefield_value(event.at),
            "details": json.dumps(event.details),
        }
        for statement in _statements()["append"]:
            run_statement(statement, values)


@functools.cache
def _statements() -> dict[str, Any]:
    """``end`` finds and holds the end of the chain, ``append`` writes an event and moves the end to it."""
    head, events = (connection.ops.quote_name(model._meta.db_table) for model in (AuditHead, AuditEvent))
    on_postgresql = connection.vendor == "postgresql"
    marks = {name: f"%({name})s" for name in _COLUMNS} | ({"details": "%(details)s::jsonb"} if on_postgresql else {})
    end = f"SELECT number, hash FROM {head} WHERE id = 1"  # noqa: S608 - our own names, here and below
    move = f"UPDATE {head} SET number = %(number)s, hash = %(hash)s WHERE id = 1"  # noqa: S608
    insert = f"INSERT INTO {events} ({', '.join(marks)}) VALUES ({', '.join(marks.values())})"  # noqa: S608
    if on_postgresql:
        return {"end": f"{end} FOR NO KEY UPDATE", "append": [f"WITH event AS ({insert}) {move}"]}
    return {"end": end, "append": [insert, move]}


def record_many(*, actor: Any, action: str, targets: list[tuple[Model, dict[str, Any]]]) -> None:
    """Append one event for each target with its details; the number of statements does not grow with theirs."""
    with transaction.atomic():
        head = _locked_head()
        events = [
            _next_event(head, actor=actor, action=action, target=target, label="", details=details)
            for target, details in targets
        ]
        AuditEvent.objects.bulk_create(events, batch_size=500)
        head.save()


def hold_the_end() -> None:
    """Wait for the end of the chain and hold it to the end of the transaction.

    What is numbered while it is held becomes visible in the order of the numbers.
    """
    _locked_head()


def _locked_head() -> AuditHead:
    held = AuditHead.objects.select_for_update(no_key=True)
    found = held.filter(pk=1).first()
    if found is None:
        AuditHead.objects.get_or_create(pk=1, defaults={"number": 0, "hash": FIRST_HASH})
        found = held.get(pk=1)
    return found


def _next_event(
    head: AuditHead, *, actor: Any, action: str, target: Model | None, label: str, details: dict[str, Any] | None
) -> AuditEvent:
    """The event after the head; moves the head to it."""
    event = AuditEvent(
        number=head.number + 1,
        at=timezone.now(),
        actor=actor,
        actor_label=str(actor)[:200] if actor else "Gatepass",
        action=action,
        target_type=target._meta.model_name or "" if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_label=(label or (str(target) if target is not None else ""))[:200],
        details=details or {},
        previous_hash=head.hash,
    )
    event.hash = hash_of(event)
    head.number, head.hash = event.number, event.hash
    return event


def hash_of(event: AuditEvent) -> str:
    """SHA-256 over every field of the event and the hash before it, as canonical JSON."""
    fields = [
        event.number, event.at.isoformat(), event.actor_id, event.actor_label, event.action, event.target_type,
        event.target_id, event.target_label, event.details, event.previous_hash,
    ]  # fmt: skip
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class ChainReport:
    """``events`` counted; ``broken_at`` is the number of the first event that does not fit, None when all do."""

    events: int
    broken_at: int | None
    checked_at: datetime

    @property
    def intact(self) -> bool:
        return self.broken_at is None


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
        head = _locked_head()
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
