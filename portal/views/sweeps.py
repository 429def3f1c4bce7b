"""Bulk checks: list, page with progress and results, start, pause and resume."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.access import administrators, person, readers_of_all_sites
from portal.forms.sweeps import SWEEP_RUNS, SWEEPS
from portal.pages.actions import action, page_view
from portal.presenters import overview
from portal.presenters.sweeps import progress_of, summary_of
from rollout.models import CheckRun, Site, Sweep
from rollout.services.checks import sweeps as services


@readers_of_all_sites
@page_view
def sweeps(request: HttpRequest) -> HttpResponse:
    """List the bulk checks, newest first, and offer to start one."""
    listing = SWEEPS.listing(request, _rows())
    context = {
        "listing": listing,
        "sort": listing.sort,
        "may_start": person(request).is_administrator,
        "sites": Site.objects.active().count(),
        "at_once": settings.PROBE_SITES_AT_ONCE,
        "running_sweep": Sweep.objects.unfinished().filter(trigger__in=services.MANUAL_TRIGGERS).first(),
    }
    return render(request, "sweeps/sweeps.html", context)


def _rows() -> QuerySet[Sweep]:
    return Sweep.objects.select_related("requested_by").defer("summary")


@readers_of_all_sites
@page_view
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """Export the list as CSV."""
    return SWEEPS.csv(request, _rows())


@readers_of_all_sites
@page_view
def sweep(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one bulk check with its progress, its results and its sites."""
    return render(request, "sweeps/sweep.html", _context(request, _sweep(pk)))


def _sweep(pk: int) -> Sweep:
    return get_object_or_404(Sweep.objects.select_related("requested_by"), pk=pk)


def _context(request: HttpRequest, row: Sweep) -> dict[str, object]:
    listing = SWEEP_RUNS.listing(request, _runs(row))
    return {
        **_progress_context(request, row),
        "listing": listing,
        "sort": listing.sort,
        "flips": [overview.flip(run) for run in listing.rows],
        "may_run": person(request).is_administrator,
        "page_url": reverse("sweep", args=[row.pk]),
    }


def _progress_context(request: HttpRequest, row: Sweep) -> dict[str, object]:
    return {"progress": progress_of(row), "sweep": row, "summary": summary_of(row), "query": request.GET.urlencode()}


def _runs(row: Sweep) -> QuerySet[CheckRun]:
    return row.runs.select_related("site").defer("observation", "evaluated_findings", "site__ca_bundle")


@readers_of_all_sites
@page_view
def export_runs(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Export the sites of one bulk check as CSV."""
    row = get_object_or_404(Sweep, pk=pk)
    return SWEEP_RUNS.csv(request, _runs(row), sweep=row.pk)


@readers_of_all_sites
@page_view
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Render what is polled while a bulk check runs, for its own page or (``?on=overview``) the overview.

    ``shown`` is the state that the page shows. After a change its head and its list of sites are rendered as well.
    """
    row, query = _sweep(pk), request.GET.copy()
    if query.get("on") == "overview":
        return render(request, "overview/_sweep.html", _progress_context(request, row))
    shown = query.pop("shown", [row.state])[-1]
    request.GET = query  # type: ignore[assignment]  # links of the list keep the list's parameters only
    if shown == row.state:
        return render(request, "sweeps/_update.html", _progress_context(request, row))
    return render(request, "sweeps/_update.html", {**_context(request, row), "is_update": True})


@readers_of_all_sites
@administrators
@action("sweeps")
def start(request: HttpRequest) -> HttpResponse:
    """Start a bulk check of all sites and redirect to its page."""
    try:
        row = services.start_sweep(actor=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("sweeps")
    return redirect("sweep", row.pk)


@readers_of_all_sites
@administrators
@action("sweep", "pk")
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a running bulk check."""
    row = get_object_or_404(Sweep, pk=pk)
    if services.pause_sweep(actor=person(request), sweep=row):
        messages.success(request, _("Paused. Running checks finish; no new ones start."))
    else:
        messages.warning(
            request, _("This bulk check is not running, so it cannot be paused. Reload the page to see its state.")
        )
    return redirect("sweep", row.pk)


@readers_of_all_sites
@administrators
@action("sweep", "pk")
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Resume a paused bulk check."""
    row = get_object_or_404(Sweep, pk=pk)
    if services.resume_sweep(actor=person(request), sweep=row):
        messages.success(request, _("The bulk check has resumed."))
    else:
        messages.warning(
            request, _("This bulk check is not paused, so it cannot be resumed. Reload the page to see its state.")
        )
    return redirect("sweep", row.pk)
