"""App versions on phones: totals by version, the import of an MDM's export, and the list of phones."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache

from portal.accounts.access import administrators, person, readers_of_all_sites
from portal.forms.inventories import INVENTORY_PHONES, InventoryForm
from portal.pages.actions import form_view, page_view
from portal.presenters import app_versions
from rollout.models import AppInventory, InventoryImport, InventoryPhone, Product
from rollout.services import inventory_imports
from rollout.services.inventories import needed_app

IMPORTS_SHOWN = 20
PART_SIZE = 1024 * 1024  # bytes of a file in one row


@readers_of_all_sites
@page_view
def inventories(request: HttpRequest) -> HttpResponse:
    """Show the phones of each app by version, and the latest imports."""
    imports = AppInventory.objects.select_related("imported_by", "import_run").defer("versions", "import_run__report")
    context = {
        "waiting": InventoryImport.objects.unfinished().defer("report"),
        "fleets": app_versions.fleets(needed_app),
        "imports": imports[:IMPORTS_SHOWN],
        "may_import": person(request).is_administrator,
    }
    return render(request, "inventories/inventories.html", context)


@administrators
@form_view
def import_file(request: HttpRequest) -> HttpResponse:
    """Queue the import of an app inventory, and redirect to its report."""
    form = InventoryForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        upload: UploadedFile = form.cleaned_data["file"]
        row = inventory_imports.queue_import(
            actor=person(request),
            product=form.cleaned_data["product"],
            chunks=upload.chunks(PART_SIZE),
            size=upload.size or 0,
            file_name=upload.name or "",
        )
        return redirect("inventory_report", row.pk)
    status = 422 if form.is_bound else 200
    return render(request, "inventories/import.html", {"form": form}, status=status)


@never_cache
@readers_of_all_sites
@page_view
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an import, from the queue to the report of what was read or why the file was refused."""
    return render(request, "inventories/report.html", _report_context(request, pk))


@never_cache
@readers_of_all_sites
@page_view
def report_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Render the part of the page that is polled until the import is finished."""
    return render(request, "inventories/_report.html", _report_context(request, pk))


def _report_context(request: HttpRequest, pk: int) -> dict[str, Any]:
    row = get_object_or_404(InventoryImport.objects.select_related("inventory", "requested_by"), pk=pk)
    return {"row": row, "may_import": person(request).is_administrator}


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
