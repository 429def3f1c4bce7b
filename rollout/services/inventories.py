"""Keeps the app inventory of the fleet: the newest import of a product counts, and only its phones are kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.compatibility.version import Version
from rollout.formats.app_inventory import Inventory, InventoryError, is_too_old, read_inventory
from rollout.models import AppInventory, InventoryPhone

from . import audit
from .matrix import matrix_in_force

AT_ONCE = 2000
MOST_VERSIONS = 200  # that are counted one by one; a file may invent more


@dataclass(frozen=True)
class Imported:
    inventory: AppInventory
    read: Inventory


def needed_app(product: str) -> Version:
    """The app version that every line of the product's matrix is content with."""
    return max(row.app for row in matrix_in_force().lines(product))


def import_inventory(*, actor: Actor, product: str, file: BinaryIO, file_name: str = "") -> Imported:
    """Keep the phones of an MDM's export instead of those of the last one. Raises ValidationError on ``file``."""
    try:
        read = read_inventory(file, product=product)
    except InventoryError as error:
        raise ValidationError({"file": _(error.message) % error.values}) from None
    needed = needed_app(product)
    ages = {version: is_too_old(version, needed) for version in set(read.phones.values())}
    by_age = Counter(ages[version] for version in read.phones.values())
    with transaction.atomic():
        inventory = AppInventory.objects.create(
            product=product,
            imported_at=timezone.now(),
            imported_by_id=actor.pk,
            file_name=file_name.replace("\0", "")[:200],
            phones=len(read.phones),
            too_old=by_age[True],
            unreadable=by_age[None],
            needed=str(needed),
            versions=_counts(read),
        )
        _write_phones(inventory, read, ages)
        InventoryPhone.objects.filter(inventory__product=product, inventory__pk__lt=inventory.pk).delete()
        details = {"phones": inventory.phones, "too_old": inventory.too_old, "unreadable": inventory.unreadable}
        audit.record(actor=actor, action="inventory.imported", target=inventory, details=details)
    return Imported(inventory, read)


def _write_phones(inventory: AppInventory, read: Inventory, ages: dict[str, bool | None]) -> None:
    """In batches that are made as they are written: a large fleet does not stand in memory twice."""
    rows = (
        InventoryPhone(inventory=inventory, device=device, version=version, too_old=ages[version])
        for device, version in read.phones.items()
    )
    while batch := list(islice(rows, AT_ONCE)):
        InventoryPhone.objects.bulk_create(batch)


def _counts(read: Inventory) -> dict[str, int]:
    counted = Counter(read.phones.values())
    named = dict(counted.most_common(MOST_VERSIONS))
    rest = counted.total() - sum(named.values())
    return {**named, AppInventory.OTHER_VERSIONS: rest} if rest else named
