"""The page of one site: its tabs, each with a URL of its own, and their update when a check ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.access import changeable_site, dashboard, may_change, person, visible_site
from portal.forms.plugins import PluginForms, plugin_forms
from portal.pages.actions import action, page_view
from portal.presenters import observations, site_progress, site_tabs
from rollout.compatibility.evidence import product_name
from rollout.formats import upm
from rollout.models import CheckRun, Site, SiteCredential
from rollout.services import sites as services
from rollout.services import vault
from rollout.services.checks.check_progress import progress_of
from rollout.services.notifications import preferences

from .check_history import history_context

TAB, WATCHED = "tab", "watched"  # parameters of the polled URL; the others belong to the tab


@dashboard
@page_view
def site(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the summary of a site."""
    return _tab_page(request, visible_site(request, pk), "summary")


@dashboard
@page_view
def tab(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Show another tab (a key of ``site_tabs.TABS``)."""
    return _tab_page(request, visible_site(request, pk), name)


@dashboard
@page_view
def moved_checks(request: HttpRequest, pk: int) -> HttpResponse:
    """Redirect from the former URL of the tab with the checks."""
    url = reverse("check_runs", args=[visible_site(request, pk).pk])
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{url}?{query}" if query else url)


def page(request: HttpRequest, site: Site, *, forms: PluginForms | None = None, status: int = 200) -> HttpResponse:
    """Render the tab with the plugin versions; after an invalid submission with the bound ``forms`` and status 422."""
    return _tab_page(request, site, "checks", forms=forms, status=status)


def _tab_page(
    request: HttpRequest, site: Site, name: str, *, forms: PluginForms | None = None, status: int = 200
) -> HttpResponse:
    return render(request, "sites/site.html", _context(request, site, name, forms), status=status)


@dashboard
@page_view
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return what has changed on an open page since the check that it watches; polled every two seconds.

    Nothing (204) while the check has not advanced, its progress after a further request or in another state, and after
    its end the content of the tab and the head of the page. ``watched`` is what the page shows (``Checking.watched``).
    """
    site = visible_site(request, pk)
    query = request.GET.copy()
    name, watched = ("".join(query.pop(parameter, [])[-1:]) for parameter in (TAB, WATCHED))
    request.GET = query  # type: ignore[assignment]  # links of the content keep the tab's own parameters only
    unfinished = site_tabs.unfinished_check(site)
    name = name if name in site_tabs.TABS else "summary"
    if unfinished:
        frame = _frame(request, site, name, unfinished)
        if frame["checking"].watched == watched:
            return HttpResponse(status=204)
        return render(request, "sites/_checking_changed.html", frame)
    response = render(request, "sites/_check_ended.html", {**_context(request, site, name), "is_update": True})
    response["HX-Retarget"], response["HX-Reswap"] = "#site-content", "outerHTML"
    return response


@dashboard
@action("site", "pk")
def use_base_url(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the base URL to the one that the last check suggests, and start a check."""
    site = changeable_site(request, pk)
    try:
        services.use_suggested_base_url(actor=person(request), site=site, base_url=request.POST.get("base_url", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The base URL has changed. A check has started."))
    return redirect("site", site.pk)


def _context(request: HttpRequest, site: Site, name: str, forms: PluginForms | None = None) -> dict[str, Any]:
    unfinished = site_tabs.unfinished_check(site)
    frame = _frame(request, site, name, unfinished)
    if name == "checks":
        return {**frame, **_checks(request, site, forms, can_change=frame["may_change"])}
    contents: dict[str, Callable[[], dict[str, Any]]] = {
        "summary": lambda: site_tabs.summary(site, unfinished, person(request)),
        "application-link": lambda: {"facts": site_progress.collect(site, unfinished)},
        "configuration": lambda: site_tabs.configuration(site),
        "sign-in-tests": lambda: site_tabs.sign_in_tests(site),
        "activity": lambda: site_tabs.activity(site, person(request)),
    }
    return {**frame, **contents[name]()}


def _frame(request: HttpRequest, site: Site, name: str, unfinished: CheckRun | None) -> dict[str, Any]:
    """Return what every tab shows: head, tabs, and the check that waits or runs."""
    return {
        "site": site,
        "product": product_name(site.product),
        "tab": name,
        "tab_url": reverse(site_tabs.TABS[name].route, args=[site.pk]),
        "template": site_tabs.TABS[name].template,
        "tabs": [(key, row.label, reverse(row.route, args=[site.pk])) for key, row in site_tabs.TABS.items()],
        "may_change": may_change(person(request), site),
        "is_subscribed": preferences.is_subscribed(person(request), site),
        "unfinished": unfinished,
        "checking": site_tabs.checking(unfinished, progress_of(unfinished)) if unfinished else None,
        "query": request.GET.urlencode(),
    }


def _checks(request: HttpRequest, site: Site, forms: PluginForms | None, *, can_change: bool) -> dict[str, Any]:
    run = site.check_runs.filter(state="done").order_by("-pk").first()
    return {
        "run": run,
        "seen": observations.of_run(run) if run and site.checked_at else None,
        **_plugins(site, forms, can_change=can_change),
        **history_context(request, site),
    }


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
