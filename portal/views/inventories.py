"""App versions on phones: totals by version, the import of an MDM's export, and the list of phones."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.access import administrators, person, readers_of_all_sites
from portal.forms.inventories import INVENTORY_PHONES, InventoryForm
from portal.forms.service_errors import add_form_errors
from portal.pages.actions import form_view, page_view
from portal.presenters import app_versions
from rollout.models import AppInventory, InventoryPhone, Product
from rollout.services import inventories as services

IMPORTS_SHOWN = 20


@readers_of_all_sites
@page_view
def inventories(request: HttpRequest) -> HttpResponse:
    """Show the phones of each app by version, and the latest imports."""
    imports = AppInventory.objects.select_related("imported_by").defer("versions")
    context = {
        "fleets": app_versions.fleets(services.needed_app),
        "imports": imports[:IMPORTS_SHOWN],
        "may_import": person(request).is_administrator,
    }
    return render(request, "inventories/inventories.html", context)


@administrators
@form_view
def import_file(request: HttpRequest) -> HttpResponse:
    """Import an app inventory. Unreadable lines and states are listed; an unreadable file imports nothing."""
    form = InventoryForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    imported = None
    if request.method == "POST" and form.is_valid():
        try:
            imported = _import(request, form.cleaned_data)
        except ValidationError as error:
            add_form_errors(form, error)
    if imported and not imported.read.skipped and not imported.read.unknown_states:
        _add_import_messages(request, imported)
        return redirect("inventories")
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "inventories/import.html", {"form": form, "imported": imported}, status=status)


def _import(request: HttpRequest, fields: dict[str, Any]) -> services.Imported:
    upload = fields["file"]
    return services.import_inventory(
        actor=person(request), product=fields["product"], file=upload.file, file_name=upload.name or ""
    )


def _add_import_messages(request: HttpRequest, imported: services.Imported) -> None:
    row, read = imported.inventory, imported.read
    message = ngettext(
        "%(phones)s phone with the app imported: %(old)s too old, %(unknown)s of unknown version.",
        "%(phones)s phones with the app imported: %(old)s too old, %(unknown)s of unknown version.",
        row.phones,
    )
    messages.success(request, message % {"phones": row.phones, "old": row.too_old, "unknown": row.unreadable})
    if read.repeated or read.others:
        message = _(
            "Rows ignored: %(repeated)s that repeat a phone, whose newest version counts; %(others)s for other apps or "
            "devices."
        )
        messages.info(request, message % {"repeated": read.repeated, "others": read.others})


@readers_of_all_sites
@page_view
def phones(request: HttpRequest, product: str) -> HttpResponse:
    """List the phones in the latest import of one app."""
    inventory = _latest(product)
    listing = INVENTORY_PHONES.listing(request, InventoryPhone.objects.filter(inventory=inventory))
    context = {"inventory": inventory, "listing": listing, "sort": listing.sort}
    return render(request, "inventories/phones.html", context)


@readers_of_all_sites
@page_view
def export_csv(request: HttpRequest, product: str) -> HttpResponseBase:
    """Export the phones in the latest import of one app as CSV."""
    inventory = _latest(product)
    rows = InventoryPhone.objects.filter(inventory=inventory)
    return INVENTORY_PHONES.csv(request, rows, target=inventory, product=product)


def _latest(product: str) -> AppInventory:
    """Return the latest import of a product. Raises Http404 if there is none."""
    row = AppInventory.objects.filter(product=product).first() if product in Product.values else None
    if row is None:
        raise Http404
    return row
