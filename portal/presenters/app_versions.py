"""Phones by app version, and how many have an app that is too old for OAuth 2.0, for pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rollout.compatibility.version import Version
from rollout.formats.app_inventory import is_too_old
from rollout.models import AppInventory

MAX_ROWS = 12


@dataclass(frozen=True)
class VersionRow:
    """One app version: how many phones have it, and whether it is too old; None if the version is unreadable."""

    version: str
    phones: int
    percent: float
    too_old: bool | None


@dataclass(frozen=True)
class Fleet:
    """The phones of one app. ``rows`` are versions of phones that have it.

    ``hidden`` is the number of versions beyond ``MAX_ROWS``. ``stale`` is the version that the matrix requires now, or
    empty if it is still the one required at the import.
    """

    inventory: AppInventory
    rows: list[VersionRow]
    hidden: int
    stale: str

    @property
    def new_enough(self) -> int:
        return self.inventory.phones - self.inventory.too_old - self.inventory.unreadable

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Parts of ``{% share_bar %}``, each linked to its phones."""
        url = reverse("inventory_phones", args=[self.inventory.product])
        counted = (
            ("ok", _("up to date"), self.new_enough, "new"),
            ("bad", _("too old"), self.inventory.too_old, "too_old"),
            ("idle", _("unknown version"), self.inventory.unreadable, "unreadable"),
            ("info", _("not installed"), self.inventory.not_installed, "not_installed"),
        )
        return [
            {"tone": tone, "label": label, "count": count, "url": f"{url}?age={age}"}
            for tone, label, count, age in counted
            if count
        ]


def fleets(needed_app: Callable[[str], Version]) -> list[Fleet]:
    """Return the app versions of each product that has an import, Confluence first.

    ``needed_app`` returns the app version that the current matrix requires for a product.
    """
    return [_fleet(inventory, str(needed_app(inventory.product))) for inventory in AppInventory.objects.newest()]


def fleets_too_old() -> list[AppInventory]:
    """Return the latest imports that contain phones with an app that is too old, in one query."""
    return [row for row in AppInventory.objects.newest() if row.too_old]


def _fleet(inventory: AppInventory, needed: str) -> Fleet:
    rows = list(_rows(inventory))
    return Fleet(inventory, rows[:MAX_ROWS], len(rows[MAX_ROWS:]), needed if needed != inventory.needed else "")


def _rows(inventory: AppInventory) -> Iterator[VersionRow]:
    needed, total = Version.parse(inventory.needed), max(inventory.phones, 1)
    counted = sorted(
        inventory.versions.items(), key=lambda row: (row[0] == AppInventory.OTHER_VERSIONS, -row[1], row[0])
    )
    for version, phones in counted:
        yield VersionRow(version, phones, round(100 * phones / total, 1), is_too_old(version, needed))
