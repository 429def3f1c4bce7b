"""Rehearsals: let the virtual phone walk through a site, and read its transcript."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal.access import changeable_site, dashboard, may_change, person, visible_row
from rollout.models import Rehearsal

MARKS = {
    "passed": ("ok", "check"),
    "failed": ("bad", "close"),
    "stopped": ("warn", "flag"),
    "skipped": ("idle", "right"),
}


@dashboard
@require_POST
def rehearse(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a rehearsal of the site, or lead to the one that runs."""
    site = changeable_site(request, pk)
    if site.archived_at:
        messages.error(request, _("This site is archived. Restore it first."))
        return redirect("site", pk=site.pk)
    from rollout.services import rehearsals  # noqa: PLC0415

    row = rehearsals.request_rehearsal(actor=person(request), site=site)
    return redirect("rehearsal", pk=row.pk)


@dashboard
@never_cache
@require_safe
def rehearsal(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "rehearsals/rehearsal.html", _context(request, pk))


@dashboard
@never_cache
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes; once the rehearsal is finished it no longer asks for itself."""
    return render(request, "rehearsals/_transcript.html", _context(request, pk))


def _context(request: HttpRequest, pk: int) -> dict[str, Any]:
    row = visible_row(request, Rehearsal.objects.select_related("site", "requested_by"), pk)
    steps = [_step(step) for step in row.steps if isinstance(step, dict)]
    return {
        "row": row,
        "steps": steps,
        "stop": next((step for step in steps if step["outcome"] in {"failed", "stopped"}), None),
        "passed_count": sum(step["outcome"] == "passed" for step in steps),
        "may_change": may_change(person(request), row.site) and row.site.archived_at is None,
    }


def _step(step: dict[str, Any]) -> dict[str, Any]:
    tone, icon = MARKS.get(str(step.get("outcome")), ("idle", "idle"))
    return {**step, "tone": tone, "icon": icon}
