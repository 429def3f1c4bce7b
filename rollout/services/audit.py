"""Writes the audit trail (``audit_verification`` checks that it was not rewritten).

Order of locks, everywhere: people, then sites (by id), then what hangs on them, then the head of the chain, which is
held to the end of the transaction: no row is locked after it. Locks are ``no_key``, because a row that points at a
locked one (a check run at its site) is checked at commit, with the head in hand, and must not wait for it then.
"""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from rollout.actor import Actor, key_of
from rollout.models import AuditEvent, AuditHead
from rollout.ports import run_statement

FIRST_HASH = "0" * 64
_COLUMNS = [field.attname for field in AuditEvent._meta.concrete_fields if not field.primary_key]


def record(
    *,
    actor: Actor | None,
    action: str,
    target: Model | None = None,
    label: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Append one event to the chain, in the caller's transaction; two statements, because every sign-in writes one.

    ``actor`` is a user, or None for Gatepass itself (a schedule or a command). ``label`` defaults to the
    target's own text. ``details`` never holds a value of a secret, a token or a note: names of fields and counts.
    """
    with transaction.atomic(savepoint=False):
        found = run_statement(_statements()["end"], {})
        head = AuditHead(id=1, number=found[0][0], hash=found[0][1]) if found else locked_chain_head()
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


def record_many(*, actor: Actor | None, action: str, targets: list[tuple[Model, dict[str, Any]]]) -> None:
    """Append one event for each target with its details; the number of statements does not grow with theirs."""
    with transaction.atomic():
        head = locked_chain_head()
        events = [
            _next_event(head, actor=actor, action=action, target=target, label="", details=details)
            for target, details in targets
        ]
        AuditEvent.objects.bulk_create(events, batch_size=500)
        head.save()


def lock_chain_head() -> None:
    """Wait for the end of the chain and hold it to the end of the transaction.

    What is numbered while it is held becomes visible in the order of the numbers.
    """
    locked_chain_head()


def locked_chain_head() -> AuditHead:
    held = AuditHead.objects.select_for_update(no_key=True)
    found = held.filter(pk=1).first()
    if found is None:
        AuditHead.objects.get_or_create(pk=1, defaults={"number": 0, "hash": FIRST_HASH})
        found = held.get(pk=1)
    return found


def _next_event(
    head: AuditHead,
    *,
    actor: Actor | None,
    action: str,
    target: Model | None,
    label: str,
    details: dict[str, Any] | None,
) -> AuditEvent:
    """The event after the head; moves the head to it."""
    event = AuditEvent(
        number=head.number + 1,
        at=timezone.now(),
        actor_id=key_of(actor),
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
