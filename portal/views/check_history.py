"""A site's checks: what each changed and why, the same as CSV, and two of them side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.access import dashboard, may_change, person, visible_site
from portal.forms.check_run_filters import DEFAULT_SORT, SORTS, CheckRunFilters
from portal.pages.listing import CSV_CHUNK, build_listing, csv_response, filtered
from portal.presenters import observations
from portal.presenters.check_history import Told, chosen_pair, compare_findings, in_chunks, runs_of, tell
from rollout.models import CheckRun, RunState, Site
from rollout.services import audit

CHOICES = 100
COLUMNS = (
    "id", "requested_at", "because", "requested_by", "state", "finished_at", "matrix", "with_mdm", "without_mdm",
    "changed_at", "with_mdm_was", "with_mdm_was_because", "with_mdm_now_because",
    "without_mdm_was", "without_mdm_was_because", "without_mdm_now_because",
)  # fmt: skip


@require_safe
@dashboard
def history(request: HttpRequest, pk: int) -> HttpResponse:
    site = visible_site(request, pk)
    listing = build_listing(request, runs_of(site), filters=CheckRunFilters, sorts=SORTS, default_sort=DEFAULT_SORT)
    context = {
        "site": site,
        "listing": listing,
        "page": listing.page,
        "told": tell(listing.rows),
        "choices": _choices(site),
        "may_change": may_change(person(request), site),
    }
    return render(request, "check_runs/history.html", context)


def _choices(site: Site) -> list[CheckRun]:
    """The newest judged runs, to choose two of."""
    return list(runs_of(site).filter(state=RunState.DONE).order_by("-pk")[:CHOICES])


@require_safe
@dashboard
def export_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The same checks as CSV."""
    site = visible_site(request, pk)
    bound, _sort, rows = filtered(
        request, runs_of(site), filters=CheckRunFilters, sorts=SORTS, default_sort=DEFAULT_SORT
    )
    audit.record(
        actor=person(request),
        action="checks.exported",
        target=site,
        details={"filters": sorted(bound.form.changed_data)},
    )
    told = in_chunks(rows.iterator(chunk_size=CSV_CHUNK), CSV_CHUNK)
    return csv_response(f"checks-{site.pk}.csv", COLUMNS, (list(_cells(one)) for one in told))


def _cells(told: Told) -> Iterator[Any]:
    run, changes = told.run, {change.road: change for change in told.changes}
    done = run.state == RunState.DONE
    yield from (run.pk, run.requested_at.isoformat(), run.trigger, run.requested_by or "", run.state)
    yield from (
        _time(run.finished_at),
        run.matrix,
        run.mdm_verdict if done else "",
        run.non_mdm_verdict if done else "",
    )
    yield _time(run.changed_at)
    for road in ("mdm", "non_mdm"):
        change = changes.get(road)
        yield from (change.was, change.was_because, change.now_because) if change else ("", "", "")


def _time(value: Any) -> str:
    return value.isoformat() if value else ""


@require_safe
@dashboard
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two runs of a site side by side: what differs, or everything."""
    site = visible_site(request, pk)
    was, now, found = chosen_pair(site, request.GET.get("was", ""), request.GET.get("now", ""))
    everything = request.GET.get("all") == "1"
    context: dict[str, Any] = {"site": site, "was": was, "now": now, "found": found, "everything": everything}
    if was is not None and now is not None:
        context |= _compared(was, now, everything=everything)
    context["choices"] = _choices(site)
    return render(request, "check_runs/compare.html", context)


def _compared(was: CheckRun, now: CheckRun, *, everything: bool) -> dict[str, Any]:
    before, after = observations.of_run(was), observations.of_run(now)
    facts = observations.compare(before.facts if before else (), after.facts if after else ())
    rules = compare_findings(was.findings, now.findings)
    return {
        "unreadable": before is None or after is None,
        "facts": [row for row in facts if everything or row.differs],
        "rules": [row for row in rules if everything or row.differs],
        "same": sum(not row.differs for row in facts) + sum(not rule.differs for rule in rules),
    }
