"""Sweeps: the list of them, one with its progress, and starting, pausing and resuming."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import administrators, person, readers_of_all_sites
from portal.forms.sweeps import SweepFilters, SweepRunFilters
from portal.pages.listing import CSV_CHUNK, build_listing, csv_response, filtered
from portal.presenters import overview
from portal.presenters.sweeps import progress_of, summary_of
from rollout.models import CheckRun, Site, Sweep
from rollout.services import audit
from rollout.services.checks import sweeps as services

SORTS = {
    "started": ("started_at",), "ended": ("finished_at",), "sites": ("total",), "changed": ("changed",),
    "failing": ("failing",), "broken": ("broken",),
}  # fmt: skip
RUN_SORTS = {"site": ("site__title",), "finished": ("finished_at",), "mdm": ("mdm_verdict",)}
COLUMNS = (
    "id", "started_by", "requested_by", "state", "started_at", "finished_at", "sites", "judged", "not_reached",
    "not_finished", "changed",
)  # fmt: skip
RUN_COLUMNS = (
    "site", "base_url", "state", "finished_at", "mdm_verdict", "non_mdm_verdict", "was_mdm_verdict",
    "was_non_mdm_verdict", "failure",
)  # fmt: skip


@require_safe
@readers_of_all_sites
def sweeps(request: HttpRequest) -> HttpResponse:
    listing = build_listing(request, _rows(), filters=SweepFilters, sorts=SORTS, default_sort="-started")
    context = {
        "listing": listing,
        "sort": listing.sort,
        "may_start": person(request).is_administrator,
        "sites": Site.objects.active().count(),
        "at_once": settings.PROBE_SITES_AT_ONCE,
        "by_hand": Sweep.objects.unfinished().filter(trigger__in=services.BY_HAND).first(),
    }
    return render(request, "sweeps/sweeps.html", context)


def _rows() -> QuerySet[Sweep]:
    return Sweep.objects.select_related("requested_by").defer("summary")


@require_safe
@readers_of_all_sites
def export_csv(request: HttpRequest) -> HttpResponseBase:
    _bound, _sort, rows = filtered(request, _rows(), filters=SweepFilters, sorts=SORTS, default_sort="-started")
    audit.record(actor=person(request), action="sweeps.exported", details={"rows": rows.count()})
    return csv_response("sweeps.csv", COLUMNS, _cells(rows))


def _cells(rows: QuerySet[Sweep]) -> Iterator[list[Any]]:
    for row in rows.iterator(chunk_size=CSV_CHUNK):
        times = [moment.isoformat() if moment else "" for moment in (row.started_at, row.finished_at)]
        counts = [row.total, row.done, row.failing, row.broken, row.changed]
        yield [row.pk, row.trigger, row.requested_by or "", row.state, *times, *counts]


@require_safe
@readers_of_all_sites
def sweep(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Sweep.objects.select_related("requested_by"), pk=pk)
    listing = build_listing(request, _runs(row), filters=SweepRunFilters, sorts=RUN_SORTS, default_sort="site")
    context = {
        "progress": progress_of(row),
        "sweep": row,
        "summary": summary_of(row),
        "listing": listing,
        "sort": listing.sort,
        "flips": [overview.flip(run) for run in listing.rows],
        "may_run": person(request).is_administrator,
    }
    return render(request, "sweeps/sweep.html", context)


def _runs(row: Sweep) -> QuerySet[CheckRun]:
    return row.runs.select_related("site").defer("observation", "judged_findings", "site__ca_bundle")


@require_safe
@readers_of_all_sites
def export_runs(request: HttpRequest, pk: int) -> HttpResponseBase:
    row = get_object_or_404(Sweep, pk=pk)
    _bound, _sort, runs = filtered(request, _runs(row), filters=SweepRunFilters, sorts=RUN_SORTS, default_sort="site")
    audit.record(actor=person(request), action="sweeps.exported", details={"rows": runs.count()})
    return csv_response(f"sweep-{row.pk}.csv", RUN_COLUMNS, _run_cells(runs))


def _run_cells(runs: QuerySet[CheckRun]) -> Iterator[list[Any]]:
    for run in runs.iterator(chunk_size=CSV_CHUNK):
        judged = [run.mdm_verdict, run.non_mdm_verdict] if run.state == "done" else ["", ""]
        ended = run.finished_at.isoformat() if run.finished_at else ""
        was = [run.was_mdm_verdict, run.was_non_mdm_verdict]
        yield [run.site.title, run.site.base_url, run.state, ended, *judged, *was, run.failure]


@require_safe
@readers_of_all_sites
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """What a running sweep replaces every two seconds, on its page and on the overview; an ended one asks no more."""
    row = get_object_or_404(Sweep, pk=pk)
    on_overview = request.GET.get("on") == "overview"
    template = "overview/_sweep.html" if on_overview else "sweeps/_progress.html"
    return render(request, template, {"progress": progress_of(row), "sweep": row, "summary": summary_of(row)})


@require_http_methods(["GET", "HEAD", "POST"])
@readers_of_all_sites
@administrators
def start(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("sweeps")
    try:
        row = services.start_sweep(actor=person(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("sweeps")
    return redirect("sweep", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@readers_of_all_sites
@administrators
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Sweep, pk=pk)
    if request.method == "POST":
        if services.pause_sweep(actor=person(request), sweep=row):
            messages.success(request, _("Paused. Sites that are being asked are finished; no other is started."))
        else:
            messages.warning(request, _("This sweep does not run, so there is nothing to pause."))
    return redirect("sweep", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@readers_of_all_sites
@administrators
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Sweep, pk=pk)
    if request.method == "POST":
        if services.resume_sweep(actor=person(request), sweep=row):
            messages.success(request, _("The sweep goes on."))
        else:
            messages.warning(request, _("This sweep is not paused, so there is nothing to resume."))
    return redirect("sweep", row.pk)
