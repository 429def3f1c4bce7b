"""Imports of app inventories, from the upload to the report, with the test as the worker."""

from __future__ import annotations

from typing import Any

from rollout.models import InventoryImport
from rollout.services import inventory_imports


def import_inventory(actor: Any, content: bytes, *, product: str = "confluence", name: str = "") -> InventoryImport:
    """Queue the file, read it and return the import."""
    row = inventory_imports.queue_import(
        actor=actor, product=product, chunks=[content], size=len(content), file_name=name
    )
    return read_waiting() or row


def read_waiting() -> InventoryImport | None:
    """Read every waiting file, as a worker does, and return the newest import."""
    for pk in inventory_imports.waiting_imports():
        inventory_imports.run_import(import_id=pk)
    return InventoryImport.objects.select_related("inventory").first()
