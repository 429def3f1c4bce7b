"""Check runs: asking for one, watching it, and looking back at those of a site."""

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

MOST_AT_ONCE = 1000
LARGEST_ID = 2**63 - 1


@dashboard
@action("site", "pk")
def check_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a check of the site and lead to it."""
    site = changeable_site(request, pk)
    if site.archived_at:
        messages.error(request, _("This site is archived. Restore it first."))
        return redirect("site", site.pk)
    run = services.request_check(site=site, actor=person(request), trigger=CheckRun.Trigger.BUTTON)
    return redirect("check_run", run.pk)


@editors
@action("sites")
def check_selected(request: HttpRequest) -> HttpResponse:
    """Queue a check of each chosen site that this person may change: all they see, as editors own what they see."""
    chosen = Site.objects.visible_to(person(request)).active().filter(pk__in=chosen_ids(request))
    sites = list(chosen.order_by("pk")[:MOST_AT_ONCE])
    for site in sites:
        services.request_check(site=site, actor=person(request), trigger=CheckRun.Trigger.BUTTON)
    words = ngettext("%(count)s check started.", "%(count)s checks started.", len(sites))
    if sites:
        messages.success(request, words % {"count": len(sites)})
    else:
        messages.warning(request, _("Select at least one site that is not archived."))
    return redirect("sites")


def chosen_ids(request: HttpRequest) -> list[int]:
    """The site ids of a selection; what is no id is left out."""
    texts = [text for text in request.POST.getlist("site") if text.isascii() and text.isdigit() and len(text) < 20]
    return [number for number in map(int, texts) if number <= LARGEST_ID]


@dashboard
@page_view
def check_run(request: HttpRequest, pk: int) -> HttpResponse:
    """One check: what was asked, what was found, what it means."""
    return render(request, "check_runs/check_run.html", _run_context(request, pk))


@dashboard
@page_view
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that a running check replaces every two seconds; a finished one asks no more."""
    return render(request, "check_runs/_progress.html", _run_context(request, pk))


def _run_context(request: HttpRequest, pk: int) -> dict[str, object]:
    run = visible_row(request, CheckRun.objects.select_related("site", "requested_by"), pk)
    evaluated = findings.setups(run.mdm_verdict, run.non_mdm_verdict, run.findings) if run.state == "done" else []
    return {
        "run": run,
        "site": run.site,
        "setups": evaluated,
        "flip": overview.flip(run) if run.changed_at else None,
        "seen": observations.of_run(run) if run.state == "done" else None,
        "may_change": may_change(person(request), run.site),
    }
