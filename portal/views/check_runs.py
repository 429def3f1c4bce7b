"""Check runs: start a check, and show its progress and result."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.access import changeable_site, dashboard, editors, may_change, person, visible_row
from portal.pages.actions import action, page_view
from portal.presenters import findings, observations, overview
from rollout.models import CheckRun, Site
from rollout.services.checks import check_runs as services

MAX_SELECTED = 1000
MAX_ID = 2**63 - 1


@dashboard
@action("site", "pk")
def check_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a check of the site and redirect to its page, which shows the progress of the check."""
    site = changeable_site(request, pk)
    if site.archived_at:
        messages.error(request, _("Restore this site first: archived sites are not checked."))
        return redirect("site", site.pk)
    services.request_check(site=site, actor=person(request), trigger=CheckRun.Trigger.BUTTON)
    return redirect("site", site.pk)


@editors
@action("sites")
def check_selected(request: HttpRequest) -> HttpResponse:
    """Queue a check of each selected site.

    Editors may change every site they can see, so the filter by visibility is sufficient.
    """
    selected = Site.objects.visible_to(person(request)).active().filter(pk__in=selected_ids(request))
    sites = list(selected.order_by("pk")[:MAX_SELECTED])
    for site in sites:
        services.request_check(site=site, actor=person(request), trigger=CheckRun.Trigger.BUTTON)
    text = ngettext("%(count)s check started.", "%(count)s checks started.", len(sites))
    if sites:
        messages.success(request, text % {"count": len(sites)})
    else:
        messages.warning(request, _("Select at least one site that is not archived."))
    return redirect("sites")


def selected_ids(request: HttpRequest) -> list[int]:
    """Return the site ids of a submitted selection; values that are no ids are ignored."""
    texts = [text for text in request.POST.getlist("site") if text.isascii() and text.isdigit() and len(text) < 20]
    return [number for number in map(int, texts) if number <= MAX_ID]


@dashboard
@page_view
def check_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one check with its requests, findings and result."""
    return render(request, "check_runs/check_run.html", _run_context(request, pk))


@dashboard
@page_view
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Render the part of the page that is polled every two seconds while the check runs."""
    return render(request, "check_runs/_progress.html", _run_context(request, pk))


def _run_context(request: HttpRequest, pk: int) -> dict[str, object]:
    run = visible_row(request, CheckRun.objects.select_related("site", "requested_by"), pk)
    evaluated = findings.setups(run.mdm_verdict, run.non_mdm_verdict, run.findings) if run.state == "done" else []
    return {
        "run": run,
        "site": run.site,
        "setups": evaluated,
        "unchecked": findings.unchecked(run.findings) if run.state == "done" else [],
        "flip": overview.flip(run) if run.changed_at else None,
        "seen": observations.of_run(run) if run.state == "done" else None,
        "may_change": may_change(person(request), run.site),
    }
