"""Import app inventories. Only the phones of the latest import of each product are kept."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor, key_of
from rollout.compatibility.version import Version
from rollout.formats.app_inventory import Inventory, InventoryError, is_too_old, read_inventory
from rollout.models import AppInventory, InventoryPhone

from . import audit
from .matrix import matrix_in_force

BATCH_SIZE = 2000
MAX_VERSIONS = 200  # counted separately; a file can contain arbitrarily many


def needed_app(product: str) -> Version:
    """Return the app version that satisfies every matrix line of the product."""
    return max(row.app for row in matrix_in_force().lines(product))


def read_file(file: BinaryIO, *, product: str) -> Inventory:
    """Return what the file lists for the product. Raises ValidationError for the field ``file``."""
    try:
        return read_inventory(file, product=product)
    except InventoryError as error:
        raise ValidationError({"file": _(error.message) % error.values}) from None


def store(*, actor: Actor | None, product: str, read: Inventory, file_name: str = "") -> AppInventory:
    """Replace the phones of the product with those that were read, and keep the totals of earlier imports."""
    needed = needed_app(product)
    installed = [version for version in read.phones.values() if version is not None]
    ages = {version: is_too_old(version, needed) for version in set(installed)}
    by_age = Counter(ages[version] for version in installed)
    with transaction.atomic():
        inventory = AppInventory.objects.create(
            product=product,
            imported_at=timezone.now(),
            imported_by_id=key_of(actor),
            file_name=file_name.replace("\0", "")[:200],
            phones=len(installed),
            not_installed=len(read.phones) - len(installed),
            too_old=by_age[True],
            unreadable=by_age[None],
            needed=str(needed),
            versions=_count_versions(installed),
        )
        _write_phones(inventory, read, ages)
        InventoryPhone.objects.filter(inventory__product=product, inventory__pk__lt=inventory.pk).delete()
        counts = ("phones", "too_old", "unreadable", "not_installed")
        details = {name: getattr(inventory, name) for name in counts}
        audit.record(actor=actor, action="inventory.imported", target=inventory, details=details)
    return inventory


def _write_phones(inventory: AppInventory, read: Inventory, ages: dict[str, bool | None]) -> None:
    """Write the phones in lazily built batches, so that they are not in memory twice."""
    rows = (
        InventoryPhone(
            inventory=inventory,
            device=device,
            version=version or "",
            too_old=None if version is None else ages[version],
            installed=version is not None,
        )
        for device, version in read.phones.items()
    )
    while batch := list(islice(rows, BATCH_SIZE)):
        InventoryPhone.objects.bulk_create(batch)


def _count_versions(versions: list[str]) -> dict[str, int]:
    phones = Counter(versions)
    common = dict(phones.most_common(MAX_VERSIONS))
    rest = phones.total() - sum(common.values())
    return {**common, AppInventory.OTHER_VERSIONS: rest} if rest else common
