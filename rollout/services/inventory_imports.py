"""Queue and run imports of app inventories: a worker reads the uploaded file, because a large one takes seconds.

The file waits in the database, so that the web process and the worker need not share a disk. It is deleted as soon as
it has been read, refused or given up.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.formats.app_inventory import Inventory
from rollout.models import InventoryFilePart, InventoryImport, RunState

from . import inventories
from .queue import wake_worker

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)  # longer than the largest file takes
GIVEN_UP_AFTER = timedelta(days=1)
IN_MEMORY = 4 * 1024 * 1024  # bytes; a larger file is read from an unnamed temporary file


def queue_import(*, actor: Actor, product: str, chunks: Iterable[bytes], size: int, file_name: str) -> InventoryImport:
    """Store the uploaded file, and wake a worker that reads it. ``chunks`` are its bytes in order."""
    with transaction.atomic():
        row = InventoryImport.objects.create(
            product=product,
            file_name=file_name.replace("\0", "")[:200],
            size=size,
            requested_by_id=actor.pk,
            requested_at=timezone.now(),
        )
        for chunk in chunks:
            InventoryFilePart.objects.create(inventory_import=row, content=chunk)
        wake_worker("run_inventory_import", row.pk)
    return row


def run_import(*, import_id: int) -> bool:
    """Read one queued file. Returns False if another worker has it or it does not exist."""
    now = timezone.now()
    lease = now + LEASE
    if not InventoryImport.objects.all().claim(import_id, now=now, lease_until=lease):
        return False
    row = InventoryImport.objects.select_related("requested_by").get(pk=import_id)
    try:
        read = _read(row)
        _leased(row, lease).update(found=len(read.phones))
        _store(row, lease, read)
    except ValidationError as error:
        _fail(row, lease, " ".join(error.messages))
    except Exception:
        log.exception("inventory_import_failed", import_id=import_id)
        _fail(row, lease, _("Gatepass could not import the file because of an error. See the worker's log."))
    return True


def _read(row: InventoryImport) -> Inventory:
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        for content in row.parts.values_list("content", flat=True).iterator(chunk_size=4):
            file.write(content)
        file.seek(0)
        return inventories.read_file(file, product=row.product)  # type: ignore[arg-type]  # a BinaryIO at run time


def _store(row: InventoryImport, lease: datetime, read: Inventory) -> None:
    with transaction.atomic():
        if not _finish(row, lease, state=RunState.DONE, report=_report(read)):
            return
        stored = inventories.store(actor=row.requested_by, product=row.product, read=read, file_name=row.file_name)
        InventoryImport.objects.filter(pk=row.pk).update(inventory=stored)


def _report(read: Inventory) -> dict[str, Any]:
    return {
        "columns": list(read.columns.values()),
        "repeated": read.repeated,
        "others": read.others,
        "skipped": read.skipped,
        "skipped_lines": [asdict(line) for line in read.skipped_lines],
        "unknown_states": read.unknown_states,
    }


def _fail(row: InventoryImport, lease: datetime, failure: str) -> None:
    with transaction.atomic():
        _finish(row, lease, state=RunState.FAILED, failure=failure)


def _leased(row: InventoryImport, lease: datetime) -> Any:
    return InventoryImport.objects.filter(pk=row.pk, state=RunState.RUNNING, lease_until=lease)


def _finish(row: InventoryImport, lease: datetime, **fields: Any) -> bool:
    """Store the result and delete the file. Returns False if the lease was lost to another worker."""
    finished = _leased(row, lease).update(finished_at=timezone.now(), lease_until=None, **fields)
    if finished:
        row.parts.all().delete()
    return bool(finished)


def waiting_imports() -> list[int]:
    """Return the ids of up to 100 imports that wait for a worker, oldest first, after giving up those of over a day."""
    now = timezone.now()
    old = InventoryImport.objects.all().waiting(now, LEASE).filter(requested_at__lt=now - GIVEN_UP_AFTER)
    failure = _("No worker read the file within a day, and it was deleted. Check that a worker is running.")
    for pk in old.values_list("pk", flat=True)[:100]:
        with transaction.atomic():
            if (
                InventoryImport.objects.all()
                .waiting(now, LEASE)
                .order_by()
                .filter(pk=pk)
                .update(state=RunState.FAILED, finished_at=now, lease_until=None, failure=failure)
            ):
                InventoryFilePart.objects.filter(inventory_import=pk).delete()
    return list(InventoryImport.objects.all().waiting(now, LEASE).values_list("pk", flat=True)[:100])
