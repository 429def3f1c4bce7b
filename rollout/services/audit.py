"""Writes the audit log (``audit_verification`` detects later changes to it).

Lock order in all code: people, sites (by id), rows that belong to them, then the head of the chain. The head stays
locked to the end of the transaction, and no row is locked after it. Locks are ``no_key``, because foreign keys to a
locked row (of a check run to its site) are checked at commit, while the head is locked, and must not wait then.

Whom an event names is stored beside it (``AuditPersonalData``), and in the event only as salted digests.
"""

from __future__ import annotations

import functools
import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from rollout.actor import Actor, key_of
from rollout.client_address import client_address
from rollout.models import AuditEvent, AuditHead, AuditPersonalData
from rollout.models.audit import PERSONAL_TARGETS
from rollout.ports import run_statement

from .audit_keys import canonical, current_key_id, sign

FIRST_HASH = "0" * 64
HALVES = {"actor": ("actor_label", "address"), "target": ("target_label",)}  # of the personal data
SALT_BYTES = 16
_COLUMNS = [field.attname for field in AuditEvent._meta.concrete_fields if not field.primary_key]
_PERSONAL_COLUMNS = ["actor_label", "address", "actor_salt", "target_label", "target_salt"]


@dataclass(frozen=True)
class _Entry:
    """What an event says, before it has its place in the chain."""

    at: datetime
    actor_id: int | None
    actor_label: str
    action: str
    target_type: str
    target_id: str
    target_label: str
    details: dict[str, Any]
    actor_digest: str | None
    target_digest: str | None
    personal_data: AuditPersonalData | None


_GATHERED: ContextVar[list[_Entry] | None] = ContextVar("gathered audit events", default=None)


@contextmanager
def gathered() -> Iterator[None]:
    """Write the events of a bulk change together at the end of the block, in its transaction.

    The head of the chain is then locked for the time of two statements, not from the first of many changes to the
    commit: every sign-in waits for it. After an exception none is written. Do not catch the error of a change inside
    the block, because its event is already gathered.
    """
    with transaction.atomic():
        if _GATHERED.get() is not None:
            yield
            return
        entries: list[_Entry] = []
        token = _GATHERED.set(entries)
        try:
            yield
        finally:
            _GATHERED.reset(token)
        _append(entries)


def is_gathering() -> bool:
    """Whether events are gathered at this point."""
    return _GATHERED.get() is not None


def record(
    *,
    actor: Actor | None,
    action: str,
    target: Model | None = None,
    label: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Append one event in the caller's transaction. Only two statements, because every sign-in writes an event.

    ``actor`` is a user, or None for Gatepass itself (a schedule or a command). ``label`` defaults to ``str(target)``.
    ``details`` contain names of fields and counts, never the value of a secret, a token or a note, and nothing that
    names a person, because they cannot be erased.
    """
    entry = _entry(actor, action, target, label, details)
    if (entries := _GATHERED.get()) is not None:
        entries.append(entry)
        return
    with transaction.atomic(savepoint=False):
        rows = run_statement(_statements()["lock_head"], {})
        head = AuditHead(id=1, number=rows[0][0], hash=rows[0][1]) if rows else lock_chain_head()
        event = _next_event(head, entry)
        values = {name: getattr(event, name) for name in _COLUMNS} | {
            "head_signature": head.signature,
            "at": connection.ops.adapt_datetimefield_value(event.at),
            "details": json.dumps(event.details),
        }
        personal_data = entry.personal_data
        if personal_data is not None:
            values |= {f"personal_{name}": getattr(personal_data, name) for name in _PERSONAL_COLUMNS}
        for statement in _statements()["append_personal" if personal_data else "append"]:
            run_statement(statement, values)


@functools.cache
def _statements() -> dict[str, Any]:
    """Return the SQL: ``lock_head`` reads and locks the head; ``append`` inserts an event and updates the head.

    ``append_personal`` also inserts the personal data. On PostgreSQL each is one statement.
    """
    models = (AuditHead, AuditEvent, AuditPersonalData)
    head, events, personal = (connection.ops.quote_name(model._meta.db_table) for model in models)
    on_postgresql = connection.vendor == "postgresql"
    marks = {name: f"%({name})s" for name in _COLUMNS} | ({"details": "%(details)s::jsonb"} if on_postgresql else {})
    personal_marks = {"event_id": "%(number)s"} | {name: f"%(personal_{name})s" for name in _PERSONAL_COLUMNS}
    select = f"SELECT number, hash FROM {head} WHERE id = 1"  # nosec B608  # noqa: S608 - table names only, here and below
    update = f"UPDATE {head} SET number = %(number)s, hash = %(hash)s, signature = %(head_signature)s WHERE id = 1"  # nosec B608  # noqa: S608
    inserts = [
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"  # nosec B608  # noqa: S608
        for table, values in ((events, marks), (personal, personal_marks))
    ]
    appends = {"append": [inserts[0], update], "append_personal": [*inserts, update]}
    if on_postgresql:
        select += " FOR NO KEY UPDATE"
        appends = {
            "append": [f"WITH event AS ({inserts[0]}) {update}"],
            "append_personal": [f"WITH event AS ({inserts[0]}), personal AS ({inserts[1]}) {update}"],
        }
    return {"lock_head": select, **appends}


def record_many(*, actor: Actor | None, action: str, targets: list[tuple[Model, dict[str, Any]]]) -> None:
    """Append one event per target. The number of statements does not depend on the number of targets."""
    new = [_entry(actor, action, target, "", details) for target, details in targets]
    if (entries := _GATHERED.get()) is not None:
        entries += new
    else:
        _append(new)


def _append(entries: Sequence[_Entry]) -> None:
    if not entries:
        return
    with transaction.atomic():
        head = lock_chain_head()
        events = [_next_event(head, entry) for entry in entries]
        AuditEvent.objects.bulk_create(events, batch_size=500)
        AuditPersonalData.objects.bulk_create(
            [entry.personal_data for entry in entries if entry.personal_data], batch_size=500
        )
        head.save(update_fields=["number", "hash", "signature"])


def lock_chain_head() -> AuditHead:
    """Lock the head of the chain until the end of the transaction and return it; create it if there is none.

    Rows numbered while it is locked become visible in the order of their numbers.
    """
    locked = AuditHead.objects.select_for_update(no_key=True)
    head = locked.filter(pk=1).first()
    if head is None:
        AuditHead.objects.get_or_create(pk=1, defaults={"number": 0, "hash": FIRST_HASH})
        head = locked.get(pk=1)
    return head


def _entry(
    actor: Actor | None, action: str, target: Model | None, label: str, details: dict[str, Any] | None
) -> _Entry:
    actor_label = str(actor)[:200] if actor else "Gatepass"
    target_type = target._meta.model_name or "" if target is not None else ""
    target_label = (label or (str(target) if target is not None else ""))[:200]
    data = AuditPersonalData(address=client_address()[:45])
    if key_of(actor) is not None:  # a person; a program has no key, and its name is not personal
        data.actor_label, actor_label = actor_label, ""
    if target_type in PERSONAL_TARGETS:
        data.target_label, target_label = target_label, ""
    digests = {half: _seal_half(data, half) for half, names in HALVES.items() if any(getattr(data, n) for n in names)}
    return _Entry(
        at=timezone.now(),
        actor_id=key_of(actor),
        actor_label=actor_label,
        action=action,
        target_type=target_type,
        target_id=str(target.pk) if target is not None else "",
        target_label=target_label,
        details=details or {},
        actor_digest=digests.get("actor"),
        target_digest=digests.get("target"),
        personal_data=data if digests else None,
    )


def _seal_half(data: AuditPersonalData, half: str) -> str:
    """Give a half of the personal data its salt, and return its digest."""
    setattr(data, f"{half}_salt", secrets.token_hex(SALT_BYTES))
    return digest_of(data, half)


def digest_of(data: AuditPersonalData, half: str) -> str:
    """Return the SHA-256 digest of a half of the personal data and its salt."""
    fields = [half, getattr(data, f"{half}_salt"), *(getattr(data, name) for name in HALVES[half])]
    return hashlib.sha256(canonical(fields)).hexdigest()


def _next_event(head: AuditHead, entry: _Entry) -> AuditEvent:
    """Return the event after ``head``, and update ``head`` to it."""
    key_id = current_key_id()
    values = {name: value for name, value in vars(entry).items() if name != "personal_data"}
    event = AuditEvent(number=head.number + 1, previous_hash=head.hash, key_id=key_id, **values)
    event.hash = hash_of(event)
    if entry.personal_data is not None:
        entry.personal_data.event_id = event.number
    head.number, head.hash = event.number, event.hash
    head.signature = signature_of(head, key_id)
    return event


def hash_of(event: AuditEvent) -> str:
    """Return the hash of all fields of the event and the previous hash, as canonical JSON: signed with the event's key,
    or SHA-256 for an event of before events were signed. Raises UnknownKeyError.

    The digests of personal data are among the fields of an event that has any.
    """
    fields = [
        event.number, event.at.isoformat(), event.actor_id, event.actor_label, event.action, event.target_type,
        event.target_id, event.target_label, event.details, event.previous_hash,
    ]  # fmt: skip
    if event.actor_digest or event.target_digest:
        fields += [event.actor_digest, event.target_digest]
    if event.key_id is None:
        return hashlib.sha256(canonical(fields)).hexdigest()
    return sign(event.key_id, ["event", *fields])


def signature_of(head: AuditHead, key_id: str) -> str:
    """Return the signature of the head, which shows that no event after it was removed. Raises UnknownKeyError."""
    return sign(key_id, ["head", head.number, head.hash])


def mark_seam() -> None:
    """Sign the end of a log that was written before events were signed; all later events must be signed."""
    head = AuditHead.objects.filter(pk=1).first()
    if head is not None and head.number and not head.signature:
        record(actor=None, action="activity.signed", details={"events": head.number})
