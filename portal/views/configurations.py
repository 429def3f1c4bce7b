"""MDM configurations: what phones are told, release by release; building the next one; looking at a pasted list."""

from __future__ import annotations

from typing import Any

import django_filters
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Func, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Length, Replace
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.access import administrators, dashboard, may_read_entire_release, person, visible_release
from portal.forms.configurations import LintForm, PublishForm, Selection, chosen_format
from portal.forms.service_errors import add_form_errors
from portal.models import User
from portal.pages.actions import action, form_view, page_view
from portal.pages.listing import SearchFilter, Table
from portal.presenters.configurations import (
    LONGEST_VALUE,
    Difference,
    Fault,
    configuration_page,
    difference,
    entries_of,
    look_at,
)
from portal.presenters.json_marks import marked_json
from rollout.mdm.site_list import pretty_site_list
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import ConfigurationRelease, Site
from rollout.services import configurations as services

__all__ = ["build", "configurations", "download", "lint", "publish", "release"]

ENTRIES_A_PAGE = 100
PREVIEWED = 40  # entries shown; the whole list is in the download
OAUTH_MARK = '"clientID": '  # a title cannot hold it: quotes inside a JSON string are escaped


class ReleaseFilters(django_filters.FilterSet):
    q = SearchFilter(fields=("note",), label=gettext_lazy("Search notes"))

    class Meta:
        model = ConfigurationRelease
        fields: list[str] = []


RELEASES = Table(
    filters=ReleaseFilters,
    sorts={"number": ("number",), "sites": ("site_count",), "oauth": ("oauth_count",)},
    default_sort="-number",
    page_size=25,
)


@dashboard
@page_view
def configurations(request: HttpRequest) -> HttpResponse:
    """The releases that this person may see, and whether the current one is out of date."""
    user = person(request)
    rows = _with_counts(ConfigurationRelease.objects.visible_to(user))
    listing = RELEASES.listing(request, rows)
    current = rows.order_by("-number").first()
    context = {
        "listing": listing,
        "sort": listing.sort,
        "current": current,
        "is_newest": current is not None and not _newer_than(current),
        "outdated": _changed_since(current) if current else 0,
        "sites": Site.objects.visible_to(user).active().count(),
    }
    return render(request, "configurations/configurations.html", context)


def _with_counts(rows: QuerySet[ConfigurationRelease]) -> QuerySet[ConfigurationRelease]:
    """Releases with ``site_count`` and ``oauth_count``, without their text; counted by the database."""
    links = ConfigurationRelease.sites.through.objects.filter(configurationrelease=OuterRef("pk")).order_by()
    counted = links.values(rows=Func(F("pk"), function="COUNT"))
    without = Length(Replace("site_list", Value(OAUTH_MARK), Value("")))
    oauth = (Length("site_list") - without) / len(OAUTH_MARK)
    return (
        rows.annotate(site_count=Subquery(counted), oauth_count=oauth).defer("site_list").select_related("published_by")
    )


def _newer_than(release: ConfigurationRelease) -> bool:
    return ConfigurationRelease.objects.filter(number__gt=release.number).exists()


def _changed_since(release: ConfigurationRelease) -> int:
    """How many of the release's sites were changed, archived or linked anew after it was published."""
    at = release.published_at
    changed = Q(updated_at__gt=at) | Q(archived_at__gt=at) | Q(links__created_at__gt=at)
    changed |= Q(links__rotated_at__gt=at) | Q(links__revoked_at__gt=at)
    found = release.sites.filter(changed).aggregate(sites=Count("pk", distinct=True))
    return int(found["sites"])


@dashboard
@form_view
def build(request: HttpRequest) -> HttpResponse:
    """The configuration of the selected sites; without a selection, or with ``pick``, the list to select from.

    A selection too long for an address comes by POST; nothing is written either way.
    """
    query = request.POST if request.method == "POST" else request.GET
    selection = Selection.of(query)
    if selection.is_empty or "pick" in query:
        return _pick(request, query, selection)
    return _built(request, query, selection, PublishForm())


def _pick(request: HttpRequest, query: QueryDict, selection: Selection) -> HttpResponse:
    """The sites to choose from. What was ticked on another page or search travels along in hidden fields."""
    visible = Site.objects.visible_to(person(request)).active().order_by("title", "pk")
    search = query.get("q", "").replace("\x00", "")[:200]
    matching = visible
    for word in search.split()[:8]:
        matching = matching.filter(Q(title__icontains=word) | Q(base_url__icontains=word))
    page = Paginator(matching, ENTRIES_A_PAGE).get_page(query.get("pick"))  # the buttons of a form name one value
    shown = {site.pk for site in page}
    context = {
        "page": page,
        "search": search,
        "chosen": set(selection.ids),
        "elsewhere": [number for number in selection.ids if number not in shown],
        "total": visible.count(),
    }
    return render(request, "configurations/pick.html", context)


def _built(
    request: HttpRequest, query: QueryDict, selection: Selection, form: PublishForm, status: int = 200
) -> HttpResponse:
    user = person(request)
    try:
        built = services.build_configuration(selection.sites(Site.objects.visible_to(user)))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("configuration_build")
    shown = query.get("show", "")
    context = configuration_page(built.site_list, FORMATS[chosen_format(query)]) | {
        "built": built,
        "plain": len(built.lines) - built.with_oauth,
        "selection": selection,
        "method": "post" if len(selection.ids) > 200 else "get",
        "missing": max(0, len(selection.ids) - len(built.lines)),
        "show": shown if shown in {"oauth", "plain"} else "",
        "form": form,
        "changes": _against_current(user, built),
        "may_publish": user.is_administrator,
        "editable": _editable(user),
        "formats": list(FORMATS.values()),
        "next_number": _newest_number() + 1,
    }
    lines = [line for line in built.lines if not context["show"] or bool(line.plain_because) == (shown == "plain")]
    context["page"] = Paginator(lines, ENTRIES_A_PAGE).get_page(query.get("page"))
    context["preview"] = marked_json(pretty_site_list([line.entry for line in built.lines[:PREVIEWED]]))
    context["previewed"] = PREVIEWED
    return render(request, "configurations/build.html", context, status=status)


def _newest_number() -> int:
    return ConfigurationRelease.objects.aggregate(newest=Max("number"))["newest"] or 0


def _editable(user: User) -> bool:
    """Owners build only from their own sites, so what they see here is theirs to edit."""
    return user.is_administrator or not user.reads_all_sites


def _against_current(user: User, built: services.Configuration) -> Difference | None:
    """What publishing would change, as far as this person may see it; None before the first release."""
    current = ConfigurationRelease.objects.visible_to(user).order_by("-number").first()
    if current is None:
        return None
    return difference(current, _readable(user, current), [line.entry for line in built.lines])


def _readable(user: User, row: ConfigurationRelease) -> list[Any]:
    """The entries of a release that this person may see."""
    entries = entries_of(row)
    if user.reads_all_sites:
        return entries
    theirs = set(Site.objects.visible_to(user).values_list("base_url", flat=True))
    return [entry for entry in entries if entry.base_url in theirs]


@dashboard
@action("configurations")
def download(request: HttpRequest) -> HttpResponse:
    """One vendor's file: of a release as it was published (``release=N``), or of a selection as it would be now."""
    user = person(request)
    format_id = request.POST.get("format", "")
    number = request.POST.get("release", "")
    try:
        if number:
            text = _release_text(request, number, format_id)
        else:
            sites = Selection.of(request.POST).sites(Site.objects.visible_to(user))
            text = services.export_configuration(actor=user, sites=sites, format_id=format_id)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("configurations")
    chosen = FORMATS[format_id]
    response = HttpResponse(text, content_type=f"{chosen.content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{chosen.filename}"'
    response["Cache-Control"] = "no-store"
    return response


def _release_text(request: HttpRequest, number: str, format_id: str) -> str:
    row = visible_release(request, int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0)
    if not may_read_entire_release(person(request), row):
        raise PermissionDenied(_("This release holds sites that are not yours. Ask an administrator for it."))
    return services.export_release(actor=person(request), release=row, format_id=format_id)


@administrators
@action("configuration_build")
def publish(request: HttpRequest) -> HttpResponse:
    """Publish what was shown: when the sites changed meanwhile, the page is shown again instead."""
    user, selection = person(request), Selection.of(request.POST)
    form = PublishForm(request.POST)
    sites = selection.sites(Site.objects.visible_to(user))
    try:
        if form.is_valid():
            row = services.publish_release(actor=user, sites=sites, **form.cleaned_data)
            messages.success(
                request,
                _("Release %(number)s is published. Enter it in your MDM to deploy it to phones.")
                % {"number": row.number},
            )
            return redirect("configuration_release", row.number)
    except ValidationError as error:
        add_form_errors(form, error)
    if selection.is_empty:
        messages.error(request, _("Select at least one site that is not archived."))
        return redirect("configuration_build")
    return _built(request, request.POST, selection, form, status=422)


@dashboard
@page_view
def release(request: HttpRequest, number: int) -> HttpResponse:
    """One release: its entries, its value for each MDM, and what it changed of the one before."""
    user, row = person(request), visible_release(request, number)
    entries = _readable(user, row)
    others = ConfigurationRelease.objects.visible_to(user)
    before = others.filter(number__lt=number).order_by("-number").first()
    context: dict[str, Any] = {
        "release": row,
        "before": before,
        "after": others.filter(number__gt=number).order_by("number").defer("site_list").first(),
        "is_current": not _newer_than(row),
        "whole": may_read_entire_release(user, row),
        "count": len(entries),
        "with_oauth": sum(entry.client_id is not None for entry in entries),
        "page": _page_of(request, entries),
        "preview": marked_json(pretty_site_list(entries[:PREVIEWED])) if entries else "",
        "previewed": PREVIEWED,
        "value": row.site_list if len(row.site_list) <= LONGEST_VALUE else "",
        "formats": list(FORMATS.values()),
        "changes": difference(before, _readable(user, before), entries) if before else None,
    }
    return render(request, "configurations/release.html", context)


def _page_of(request: HttpRequest, entries: list[Any]) -> Page[Any]:
    return Paginator(entries, ENTRIES_A_PAGE).get_page(request.GET.get("page"))


@dashboard
@form_view
def lint(request: HttpRequest) -> HttpResponse:
    """Look at a list from anywhere. What is pasted is kept on the page and stored nowhere."""
    form = LintForm(request.POST if request.method == "POST" else None)
    faults: list[Fault] = []
    entries: list[Any] = []
    is_valid = form.is_bound and form.is_valid()
    if is_valid:
        faults, entries = look_at(
            form.cleaned_data["text"],
            form.cleaned_data["format"],
            allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK,
        )
    context = {
        "form": form,
        "looked_at": is_valid,
        "faults": faults,
        "entries": entries[:ENTRIES_A_PAGE],
        "count": len(entries),
        "with_oauth": sum(entry.client_id is not None for entry in entries),
        "cancel": reverse("configurations"),
    }
    return render(request, "configurations/lint.html", context, status=422 if form.is_bound and not is_valid else 200)
