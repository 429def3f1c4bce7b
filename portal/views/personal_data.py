"""What is stored about one person: their own export, and export and erasure for administrators."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from portal.accounts.access import administrators, person
from portal.accounts.erasure import AUDIT_LOG, erase_person, plan_erasure
from portal.accounts.person_data import export_person
from portal.forms.people import EraseForm
from portal.models import User
from portal.pages.actions import form_view, page_view


@page_view
def my_data(request: HttpRequest) -> HttpResponse:
    """Export everything about the person who is signed in."""
    user = person(request)
    return _download(export_person(actor=user, person=user), "gatepass-my-data.json")


@administrators
@page_view
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """Export everything about one person."""
    row = get_object_or_404(User, pk=pk)
    return _download(export_person(actor=person(request), person=row), f"gatepass-person-{row.pk}.json")


@administrators
@form_view
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is erased and what stays; the POST erases the person."""
    row = get_object_or_404(User, pk=pk)
    form = EraseForm(request.POST if request.method == "POST" else None)
    try:
        if form.is_valid():
            erase_person(actor=person(request), person=row)
            messages.success(request, _("Person %(number)d is erased.") % {"number": pk})
            return redirect("people")
        counts = plan_erasure(actor=person(request), person=row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("person", pk=pk)
    context = {"row": row, "form": form, "counts": _named(counts), "back": reverse("person", args=[pk])}
    return render(request, "people/erase.html", context, status=422 if form.errors else 200)


def _named(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Return the counts with the names of their tables."""
    names = {AUDIT_LOG: _("names in the audit log"), User._meta.label_lower: _("account")}
    names |= {table: str(apps.get_model(table)._meta.verbose_name_plural) for table in counts if table not in names}
    return [(capfirst(names[table]), count) for table, count in counts.items()]


def _download(data: dict[str, Any], filename: str) -> HttpResponse:
    response = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    return response
