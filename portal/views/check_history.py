"""Checks of a site: the list of its tab, the CSV export, and the comparison of two checks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from portal.accounts.access import dashboard, visible_site
from portal.forms.check_run_filters import CHECK_RUNS
from portal.pages.actions import page_view
from portal.presenters import observations
from portal.presenters.check_history import chosen_pair, compare_findings, history_entries, runs_of, without_repetitions
from rollout.models import CheckRun, RunState, Site

MAX_CHOICES = 100


def history_context(request: HttpRequest, site: Site) -> dict[str, Any]:
    """Return the list of the site's checks with what each changed, and the checks that can be compared."""
    listing = CHECK_RUNS.listing(request, runs_of(site))
    return {
        "listing": listing,
        "page": listing.page,
        "entries": without_repetitions(history_entries(listing.rows)),
        "choices": _choices(site),
    }


def _choices(site: Site) -> list[CheckRun]:
    """Return the newest finished runs, to select two from."""
    return list(runs_of(site).filter(state=RunState.DONE).order_by("-pk")[:MAX_CHOICES])


@dashboard
@page_view
def export_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Export the same checks as CSV."""
    site = visible_site(request, pk)
    return CHECK_RUNS.csv(request, runs_of(site), target=site, site=site.pk)


@dashboard
@page_view
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Show two runs of a site side by side: the differences, or with ``?all=1`` everything."""
    site = visible_site(request, pk)
    was, now, both_exist = chosen_pair(site, request.GET.get("was", ""), request.GET.get("now", ""))
    everything = request.GET.get("all") == "1"
    context: dict[str, Any] = {"site": site, "was": was, "now": now, "both_exist": both_exist, "everything": everything}
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
