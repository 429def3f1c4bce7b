"""Checkpoints of the audit log outside the database: the number and hash of its newest event, signed.

An event that a checkpoint names can no longer be removed unnoticed, together with all events after it or by restoring
an older backup: ``manage.py verify_audit --expect`` finds that it is missing.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone

from rollout.models import AuditEvent, AuditHead
from rollout.models.waiting_times import CLOCK_SKEW

from .audit_keys import UnknownKeyError, current_key_id, sign

log = structlog.get_logger(__name__)

LOG_EVENT = "audit_checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """``hash`` is that of the event ``number``; ``at`` is ISO 8601 with offset."""

    number: int
    hash: str
    at: str
    key_id: str
    signature: str


def write_due_checkpoint() -> Checkpoint | None:
    """Write a checkpoint if there are AUDIT_CHECKPOINT_EVENTS new events, or any after AUDIT_CHECKPOINT_MINUTES.

    It goes to the log stream and, if AUDIT_CHECKPOINT_FILE is set, to the end of that file. Raises OSError if the file
    cannot be written; the checkpoint is then due again. No lock is held: two processes at once write it twice.
    """
    head, now = AuditHead.objects.filter(pk=1).first(), timezone.now()
    if head is None or head.number == head.checkpoint_number:
        return None
    pause = timedelta(minutes=settings.AUDIT_CHECKPOINT_MINUTES)
    since = now - (head.checkpoint_at or now - pause)
    is_time = since >= pause or since < -CLOCK_SKEW  # the latter after a clock that was wrong
    if not is_time and head.number - head.checkpoint_number < settings.AUDIT_CHECKPOINT_EVENTS:
        return None
    checkpoint = _signed(head.number, head.hash, now.isoformat())
    if settings.AUDIT_CHECKPOINT_FILE:
        with Path(settings.AUDIT_CHECKPOINT_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(checkpoint)) + "\n")
    log.info(LOG_EVENT, **asdict(checkpoint))
    AuditHead.objects.filter(pk=1).update(checkpoint_number=head.number, checkpoint_at=now)
    return checkpoint


def read_checkpoints(lines: Iterable[str]) -> list[Checkpoint]:
    """Return the checkpoints in lines of JSON: of a checkpoint file, or of a log with LOG_JSON; others are skipped.

    Raises ValueError for a checkpoint whose signature is wrong, and UnknownKeyError.
    """
    checkpoints = []
    for number, line in enumerate(lines, start=1):
        data = _object(line)
        if data is None or not {"number", "hash", "at", "key_id", "signature"} <= data.keys():
            continue
        found = Checkpoint(*(data[name] for name in ("number", "hash", "at", "key_id", "signature")))
        try:
            expected = _signed(found.number, found.hash, found.at, found.key_id)
        except UnknownKeyError as error:
            raise UnknownKeyError(f"line {number}: {error}") from None
        if not hmac.compare_digest(expected.signature, str(found.signature)):
            raise ValueError(f"line {number}: the signature of the checkpoint is wrong")
        checkpoints.append(found)
    return checkpoints


def missing_event(checkpoints: Iterable[Checkpoint]) -> Checkpoint | None:
    """Return the first checkpoint whose event is not in the log, or has another hash; None if all are there."""
    ordered = sorted(checkpoints, key=lambda checkpoint: checkpoint.number)
    rows = AuditEvent.objects.filter(number__in=[checkpoint.number for checkpoint in ordered])
    hashes = dict(rows.values_list("number", "hash"))
    return next((found for found in ordered if hashes.get(found.number) != found.hash), None)


def has_event(hash: str) -> bool:
    """Whether an event of the log has this hash."""
    return AuditEvent.objects.filter(hash=hash).exists()


def _signed(number: int, hash: str, at: str, key_id: str = "") -> Checkpoint:
    key_id = key_id or current_key_id()
    return Checkpoint(number, hash, at, key_id, sign(key_id, ["checkpoint", number, hash, at]))


def _object(line: str) -> dict[str, Any] | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None
