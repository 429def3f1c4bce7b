"""The page of one site."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.accounts.access import dashboard, may_change, person, visible_site
from portal.forms.plugins import PluginForms, plugin_forms
from portal.pages.actions import page_view
from portal.presenters import audit, findings, overview, site_progress
from rollout.compatibility.observation import Observation
from rollout.formats import upm
from rollout.models import AuditEvent, CheckRun, Site, SiteCredential
from rollout.services import vault
from rollout.services.notifications import preferences

RUNS_SHOWN = 5
EVENTS_SHOWN = 8


@dashboard
@page_view
def site(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one site."""
    return page(request, visible_site(request, pk))


def page(request: HttpRequest, site: Site, *, forms: PluginForms | None = None, status: int = 200) -> HttpResponse:
    """Render the page; after an invalid submission with the bound ``forms`` and a status of 422."""
    facts = site_progress.collect(site)
    steps = site_progress.steps(site, facts)
    can_change = may_change(person(request), site)
    context: dict[str, Any] = {
        "site": site,
        "facts": facts,
        "may_change": can_change,
        "steps": steps,
        "next": site_progress.next_step(site, facts, steps),
        "stopped_at_login_page": site_progress.stopped_at_login_page(facts.rehearsal),
        "setups": _setups(site, facts),
        "observation": _observation(facts.run),
        "owners": list(site.owners.order_by("email")),
        **_plugins(site, forms, can_change=can_change),
        "is_subscribed": preferences.is_subscribed(person(request), site),
        "usable_passes": site.passes.usable(timezone.now()).count(),
        "runs": _runs(site),
        "events": _events(request, site),
    }
    return render(request, "sites/site.html", context, status=status)


def _setups(site: Site, facts: site_progress.Facts) -> list[findings.SetupFindings]:
    """Return both setups. An edit resets the verdicts to unknown, so older findings are left out."""
    current = facts.findings if site.checked_at else []
    return findings.setups(site.mdm_verdict, site.non_mdm_verdict, current)


def _observation(run: CheckRun | None) -> Observation | None:
    try:
        return run.facts if run else None
    except (ValueError, KeyError, TypeError):  # stored by another version in another format
        return None


def _plugins(site: Site, forms: PluginForms | None, *, can_change: bool) -> dict[str, Any]:
    """Return the context of the plugin versions card; nothing for people who may not change the site."""
    if not can_change or site.is_provided:
        return {}
    stored = SiteCredential.objects.filter(site=site).select_related("stored_by").defer("token")
    keys = (upm.OAUTH_KEY, upm.MOBILE_KEYS[site.product])
    return {
        "plugin_forms": forms or plugin_forms(site),
        "credential": stored.first(),
        "may_keep_token": vault.is_available(),
        "upm_addresses": [(key, site.base_url + upm.path_of(key)) for key in keys],
    }


def _runs(site: Site) -> list[overview.Flip]:
    runs = site.check_runs.select_related("requested_by").defer("observation", "evaluated_findings").order_by("-pk")
    return [overview.flip(run) for run in runs[:RUNS_SHOWN]]


def _events(request: HttpRequest, site: Site) -> list[tuple[AuditEvent, str, str]]:
    """Return the newest events, each with its icon and message."""
    reader = person(request)
    events = AuditEvent.objects.filter(site_progress.audit_of(site)).order_by("-number")[:EVENTS_SHOWN]
    return [(event, audit.icon_of(event), audit.marked_sentence(event, reader)) for event in events]
