"""One site's page: the whole story from top to bottom."""

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
    """One site with everything that is known of it."""
    return page(request, visible_site(request, pk))


def page(request: HttpRequest, site: Site, *, forms: PluginForms | None = None, status: int = 200) -> HttpResponse:
    """The page, or the page again with ``forms`` one of which was refused."""
    facts = site_progress.collect(site)
    steps = site_progress.steps(site, facts)
    changes = may_change(person(request), site)
    context: dict[str, Any] = {
        "site": site,
        "facts": facts,
        "may_change": changes,
        "steps": steps,
        "next": site_progress.next_step(site, facts, steps),
        "as_far_as_it_can": site_progress.went_as_far_as_it_can(facts.rehearsal),
        "setups": _setups(site, facts),
        "observation": _observation(facts.run),
        "owners": list(site.owners.order_by("email")),
        **_plugins(site, forms, changes=changes),
        "is_subscribed": preferences.is_subscribed(person(request), site),
        "usable_passes": site.passes.usable(timezone.now()).count(),
        "runs": _runs(site),
        "events": _events(request, site),
    }
    return render(request, "sites/site.html", context, status=status)


def _setups(site: Site, facts: site_progress.Facts) -> list[findings.SetupFindings]:
    """The site's own verdicts: an edit sets them back to unknown, and then old findings say nothing of it."""
    current = facts.findings if site.checked_at else []
    return findings.setups(site.mdm_verdict, site.non_mdm_verdict, current)


def _observation(run: CheckRun | None) -> Observation | None:
    try:
        return run.facts if run else None
    except (ValueError, KeyError, TypeError):  # stored in another format by another version
        return None


def _plugins(site: Site, forms: PluginForms | None, *, changes: bool) -> dict[str, Any]:
    """What the card of the plugin versions takes. Who may not change the site learns nothing of its token."""
    if not changes or site.is_provided:
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
    """Each with its icon and sentence."""
    reader = person(request)
    events = AuditEvent.objects.filter(site_progress.audit_of(site)).order_by("-number")[:EVENTS_SHOWN]
    return [(event, audit.icon_of(event), audit.marked_sentence(event, reader)) for event in events]
