"""One site's page: the whole story from top to bottom, and the form for its plugin versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal import audit_words, findings, fleet, road
from portal.access import changeable_site, dashboard, may_change, person, visible_site
from portal.forms.faults import put_on_form
from portal.forms.sites import PluginVersionsForm
from rollout.compatibility.observation import Observation
from rollout.models import AuditEvent, CheckRun, Site
from rollout.services import sites as services

RUNS_SHOWN = 5
EVENTS_SHOWN = 8


@require_safe
@dashboard
def site(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, visible_site(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@dashboard
def plugins(request: HttpRequest, pk: int) -> HttpResponse:
    site = changeable_site(request, pk)
    if request.method != "POST" or site.is_provided:
        return redirect("site", site.pk)
    form = PluginVersionsForm(request.POST)
    if form.is_valid():
        try:
            services.update_site(actor=person(request), site=site, **form.cleaned_data)
        except ValidationError as error:
            put_on_form(form, error)
        else:
            messages.success(request, _("Saved. Gatepass judges the site with these versions now."))
            return redirect("site", site.pk)
    return _page(request, site, plugins_form=form, status=422)


def _page(
    request: HttpRequest, site: Site, *, plugins_form: PluginVersionsForm | None = None, status: int = 200
) -> HttpResponse:
    facts = road.collect(site)
    steps = road.steps(site, facts)
    changes = may_change(person(request), site)
    context: dict[str, Any] = {
        "site": site,
        "facts": facts,
        "may_change": changes,
        "steps": steps,
        "next": road.next_step(site, facts, steps),
        "as_far_as_it_can": road.went_as_far_as_it_can(facts.rehearsal),
        "roads": _roads(site, facts),
        "observation": _observation(facts.run),
        "owners": list(site.owners.order_by("email")),
        "plugins_form": plugins_form or PluginVersionsForm(initial=_versions(site)),
        "usable_passes": site.passes.usable(timezone.now()).count(),
        "runs": _runs(site),
        "events": _events(request, site),
    }
    return render(request, "sites/site.html", context, status=status)


def _roads(site: Site, facts: road.Facts) -> list[findings.RoadFindings]:
    """The site's own verdicts: an edit sets them back to unknown, and then old findings say nothing of it."""
    current = facts.findings if site.checked_at else []
    return findings.roads(site.mdm_verdict, site.non_mdm_verdict, current)


def _observation(run: CheckRun | None) -> Observation | None:
    try:
        return run.facts if run else None
    except (ValueError, KeyError, TypeError):  # stored in another format by another version
        return None


def _versions(site: Site) -> dict[str, str]:
    return {
        "oauth_plugin_version": site.oauth_plugin_version,
        "mobile_plugin_version": site.mobile_plugin_version,
    }


def _runs(site: Site) -> list[fleet.Flip]:
    runs = site.check_runs.select_related("requested_by").defer("observation").order_by("-pk")
    return [fleet.flip(run) for run in runs[:RUNS_SHOWN]]


def _events(request: HttpRequest, site: Site) -> list[tuple[AuditEvent, str, str]]:
    """Each with its icon and sentence."""
    reader = person(request)
    events = AuditEvent.objects.filter(road.audit_of(site)).order_by("-number")[:EVENTS_SHOWN]
    return [(event, audit_words.icon_of(event), audit_words.marked_sentence(event, reader)) for event in events]
