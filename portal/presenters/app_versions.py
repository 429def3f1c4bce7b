"""What the fleet's app versions say: how many phones are too old, by version, as numbers for pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rollout.compatibility.version import Version
from rollout.formats.app_inventory import is_too_old
from rollout.models import AppInventory

MOST_ROWS = 12


@dataclass(frozen=True)
class VersionRow:
    """One version of the app: how many phones have it, and whether it is too old (None: nobody can say)."""

    version: str
    phones: int
    percent: float
    too_old: bool | None


@dataclass(frozen=True)
class Fleet:
    """The phones of one app. ``stale`` is set when the matrix asks for another version than at the import."""

    inventory: AppInventory
    rows: list[VersionRow]
    hidden: int
    stale: str

    @property
    def new_enough(self) -> int:
        return self.inventory.phones - self.inventory.too_old - self.inventory.unreadable

    @property
    def parts(self) -> list[dict[str, Any]]:
        """For ``{% share_bar %}``: each part leads to its phones."""
        url = reverse("inventory_phones", args=[self.inventory.product])
        counted = (
            ("ok", _("up to date"), self.new_enough, "new"),
            ("bad", _("too old"), self.inventory.too_old, "too_old"),
            ("idle", _("unknown version"), self.inventory.unreadable, "unreadable"),
        )
        return [
            {"tone": tone, "label": label, "count": count, "url": f"{url}?age={age}"}
            for tone, label, count, age in counted
            if count
        ]


def fleets(needed_app: Callable[[str], Version]) -> list[Fleet]:
    """The app versions of every product that has an import, Confluence first. ``needed_app``: by the matrix of now."""
    return [_fleet(inventory, str(needed_app(inventory.product))) for inventory in AppInventory.objects.newest()]


def fleets_too_old() -> list[AppInventory]:
    """The imports that count and hold phones whose app is too old: one query."""
    return [row for row in AppInventory.objects.newest() if row.too_old]


def _fleet(inventory: AppInventory, needed: str) -> Fleet:
    rows = list(_rows(inventory))
    return Fleet(inventory, rows[:MOST_ROWS], len(rows[MOST_ROWS:]), needed if needed != inventory.needed else "")


def _rows(inventory: AppInventory) -> Iterator[VersionRow]:
    needed, whole = Version.parse(inventory.needed), max(inventory.phones, 1)
    counted = sorted(
        inventory.versions.items(), key=lambda row: (row[0] == AppInventory.OTHER_VERSIONS, -row[1], row[0])
    )
    for version, phones in counted:
        yield VersionRow(version, phones, round(100 * phones / whole, 1), is_too_old(version, needed))
