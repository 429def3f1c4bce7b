"""Sites as CSV: the export of the filtered list, and the import in two steps (dry run, then apply)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.access import administrators, dashboard, person
from portal.forms.site_filters import SITES
from portal.forms.sites import ImportForm, encoded
from portal.pages.actions import form_view, page_view
from portal.pages.listing import csv_response
from rollout.formats.site_csv import COLUMNS, REQUIRED
from rollout.models import Site
from rollout.services.imports import import_sites

MAX_ERRORS_SHOWN = 100
EXPLANATIONS = {
    "title": gettext_lazy("The name in the app's site list, at most 120 characters."),
    "product": gettext_lazy("confluence or jira. Default: confluence."),
    "base_url": gettext_lazy(
        "The https:// URL with context path. It identifies the site: if a site has this base URL, it is updated."
    ),
    "provider": gettext_lazy("confluence (default). Add sites hosted by Gatepass on their own page."),
    "owners": gettext_lazy("E-mail addresses of site owners, separated by spaces."),
    "notes": gettext_lazy("Any text, at most 4,000 characters."),
    "people": gettext_lazy("Approximate number of people who use the site on an iPhone; digits only."),
    "oauth_plugin_version": gettext_lazy("As listed under Manage apps, for example 4.1.1."),
    "mobile_plugin_version": gettext_lazy("As listed under Manage apps, for example 19.1.47."),
    "cache_session_in_mobile_browser": gettext_lazy("true or false. Default: false."),
}
EXAMPLE = (
    "Engineering wiki", "confluence", "https://wiki.example.com/wiki", "confluence", "owner@example.com", "", "120",
    "4.1.1", "19.1.47", "false",
)  # fmt: skip


@dashboard
@page_view
def export_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Return the filtered sites as a CSV file that can be imported, or an example row with ``?template``."""
    if "template" in request.GET:
        return csv_response("sites-template.csv", COLUMNS, [EXAMPLE])
    return SITES.csv(request, Site.objects.visible_to(person(request)).prefetch_related("owners"))


@administrators
@form_view
def import_csv(request: HttpRequest) -> HttpResponse:
    """Validate the uploaded file in a dry run; then import the same bytes, which the page sends back."""
    form = ImportForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    report, data = None, b""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data["bytes"]
        report = import_sites(actor=person(request), data=data, dry_run="apply" not in request.POST)
        if report.applied:
            message = _("%(created)s added, %(changed)s changed, %(unchanged)s unchanged. Checks have started.")
            messages.success(request, message % vars(report))
            return redirect("sites")
    context = {
        "form": form,
        "report": report,
        "errors": report.errors[:MAX_ERRORS_SHOWN] if report else [],
        "encoded": encoded(data) if report and not report.errors else "",
        "columns": [(name, name in REQUIRED, EXPLANATIONS[name]) for name in COLUMNS],
    }
    invalid = (form.is_bound and form.errors) or (report and report.errors)
    return render(request, "sites/import.html", context, status=422 if invalid else 200)
