"""The list of sites, and their editing and archiving. See add_site, site_page for one site, and site_csv."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.accounts.access import changeable_site, dashboard, editors, person, visible_site
from portal.forms.service_errors import add_form_errors
from portal.forms.site_filters import SITES
from portal.forms.sites import SiteForm
from portal.pages.actions import action, form_view, page_view
from portal.presenters import overview
from rollout.models import ApplicationLink, CheckRun, RunState, Site
from rollout.services import sites as services

from .site_csv import export_csv, import_csv
from .site_page import site

__all__ = ["archive", "edit", "export_csv", "import_csv", "restore", "site", "sites"]


@dashboard
@page_view
def sites(request: HttpRequest) -> HttpResponse:
    """Show the sites that this person may see, with their numbers by readiness."""
    visible = Site.objects.visible_to(person(request))
    listing = SITES.listing(request, with_links_and_runs(visible))
    shares = overview.shares(visible.active())
    context = {
        "listing": listing,
        "sort": listing.sort,
        "shares": shares,
        "total": sum(share.sites for share in shares),
        "may_add": _may_add(request),
    }
    return render(request, "sites/sites.html", context)


def with_links_and_runs(rows: QuerySet[Site]) -> QuerySet[Site]:
    """Add ``active_links`` (a list) and ``is_checking`` to each site."""
    unfinished = CheckRun.objects.filter(site=OuterRef("pk"), state__in=[RunState.QUEUED, RunState.RUNNING])
    links = Prefetch("links", queryset=ApplicationLink.objects.active(), to_attr="active_links")
    return rows.annotate(is_checking=Exists(unfinished)).prefetch_related(links)


def _may_add(request: HttpRequest) -> bool:
    user = person(request)
    return user.is_administrator or (user.works_with_sites and not user.reads_all_sites)


@editors
@form_view
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form of a site, and save it."""
    site, user = changeable_site(request, pk), person(request)
    form = SiteForm(_posted(request), initial=_initial(site), user=user, site=site)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_site(actor=user, site=site, **form.cleaned_data)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("site", site.pk)
    return render(request, "sites/edit.html", {"form": form, "site": site}, status=_status(form))


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _initial(site: Site) -> dict[str, Any]:
    names = ("title", "product", "base_url", "people", "notes", "cache_session_in_mobile_browser", *SiteForm.NETWORK)
    return {name: getattr(site, name) for name in names} | {"owners": list(site.owners.all())}


def _status(form: SiteForm) -> int:
    return 422 if form.is_bound and form.errors else 200


@dashboard
@action("site", "pk")
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Archive the site. Its history is kept."""
    site = changeable_site(request, pk)
    services.archive_site(actor=person(request), site=site)
    messages.success(request, _("%(title)s was archived. Its history is preserved.") % {"title": site.title})
    return redirect("site", visible_site(request, pk).pk)


@dashboard
@action("site", "pk")
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Restore an archived site."""
    site = changeable_site(request, pk)
    try:
        services.restore_site(actor=person(request), site=site)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("%(title)s was restored. A check has started.") % {"title": site.title})
    return redirect("site", site.pk)
