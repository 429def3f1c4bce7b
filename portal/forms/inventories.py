"""The upload form of an app inventory, and the filters, sort orders, and CSV export of its phones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.pages.listing import Export, SearchFilter, Table
from rollout.formats.app_inventory import MAX_BYTES
from rollout.models import InventoryPhone, Product

AGE_CHOICES = [
    ("too_old", _("Too old")),
    ("new", _("Up to date")),
    ("unreadable", _("Unknown version")),
    ("not_installed", _("Not installed")),
]
AGES: dict[str, dict[str, bool | None]] = {
    "too_old": {"too_old": True},
    "new": {"too_old": False},
    "unreadable": {"too_old": None, "installed": True},
    "not_installed": {"installed": False},
}
CSV_VALUES = {True: "yes", False: "no", None: "unknown"}


class InventoryForm(forms.Form):
    product = forms.ChoiceField(
        label=_("App"),
        choices=Product.choices,
        help_text=_("Rows for other apps are ignored if the file has a column with the app name."),
    )
    file = forms.FileField(
        label=_("CSV file"),
        max_length=200,
        allow_empty_file=True,
        error_messages={"required": _("Choose the CSV file that your MDM exported.")},
        help_text=_("Separated by commas, semicolons or tabs. Up to 64 MiB and 200,000 phones."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
    )

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 64 MiB. Export only this app, or split the file."))
        return upload


class InventoryPhoneFilters(django_filters.FilterSet):
    chips = ("age",)
    q = SearchFilter(fields=("device", "version"), label=_("Search"))
    age = django_filters.ChoiceFilter(choices=AGE_CHOICES, method="by_age", label=_("App status"))

    class Meta:
        model = InventoryPhone
        fields: list[str] = []

    def by_age(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(**AGES[value])


def _cells(phones: Iterator[InventoryPhone]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the cells of each phone. Without the app, no version is too old."""
    for phone in phones:
        too_old = CSV_VALUES[phone.too_old] if phone.installed else ""
        yield phone.device, phone.version, too_old, CSV_VALUES[phone.installed]


INVENTORY_PHONES = Table(
    filters=InventoryPhoneFilters,
    sorts={"device": ("device",), "version": ("version", "device")},
    default_sort="device",
    export=Export(
        "{product}-app-versions.csv",
        action="inventory.exported",
        columns=("device", "app_version", "too_old", "installed"),
        cells=_cells,
    ),
)
