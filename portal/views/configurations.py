"""MDM configurations: list and view releases, build and publish the next one, and check an existing one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Func, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Length, Replace
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.access import administrators, dashboard, may_read_entire_release, person, visible_release
from portal.forms.configurations import DeployedForm, LintForm, PublishForm, Selection, chosen_format
from portal.forms.service_errors import add_form_errors
from portal.models import User
from portal.pages.actions import action, form_view, page_view
from portal.pages.listing import SearchFilter, Table
from portal.presenters.checked_configurations import checked_context
from portal.presenters.configurations import (
    MAX_VALUE_LENGTH,
    Difference,
    configuration_context,
    difference,
)
from portal.presenters.json_marks import marked_json
from rollout.mdm.checked_configuration import check_configuration
from rollout.mdm.diff import Loss
from rollout.mdm.site_list import pretty_site_list
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import ConfigurationRelease, Site
from rollout.services import configurations as services

__all__ = ["build", "configurations", "deployed", "download", "lint", "publish", "release", "roll_back"]

ENTRIES_PER_PAGE = 100
MAX_SITES_IN_URL = 200
PREVIEW_ENTRIES = 40  # the download contains all of them
# Marks each entry with OAuth in the stored text. A title cannot contain it because quotes in JSON strings are escaped.
CLIENT_ID_KEY = '"clientID": '


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
    """List the releases that the person may see, with the number of changes since the latest one."""
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
    """Annotate releases with ``site_count`` and ``oauth_count``, counted in SQL so that their text is not loaded."""
    links = ConfigurationRelease.sites.through.objects.filter(configurationrelease=OuterRef("pk")).order_by()
    counted = links.values(rows=Func(F("pk"), function="COUNT"))
    without = Length(Replace("site_list", Value(CLIENT_ID_KEY), Value("")))
    oauth = (Length("site_list") - without) / len(CLIENT_ID_KEY)
    return (
        rows.annotate(site_count=Subquery(counted), oauth_count=oauth).defer("site_list").select_related("published_by")
    )


def _newer_than(release: ConfigurationRelease) -> bool:
    return ConfigurationRelease.objects.filter(number__gt=release.number).exists()


def _changed_since(release: ConfigurationRelease) -> int:
    """Return how many sites of the release were changed or archived, or had a link change, after it was published."""
    at = release.published_at
    changed = Q(updated_at__gt=at) | Q(archived_at__gt=at) | Q(links__created_at__gt=at)
    changed |= Q(links__rotated_at__gt=at) | Q(links__revoked_at__gt=at)
    counted = release.sites.filter(changed).aggregate(sites=Count("pk", distinct=True))
    return int(counted["sites"])


@dashboard
@form_view
def build(request: HttpRequest) -> HttpResponse:
    """Preview the configuration of the selected sites. Without a selection, or with ``pick``, list the sites to select.

    Selections that are too long for a URL are sent by POST. Nothing is written in either case.
    """
    query = request.POST if request.method == "POST" else request.GET
    selection = Selection.of(query)
    if selection.is_empty or "pick" in query:
        return _pick(request, query, selection)
    return _preview(request, query, selection, PublishForm())


def _pick(request: HttpRequest, query: QueryDict, selection: Selection) -> HttpResponse:
    """List the sites to select. Hidden fields carry the selection from other pages and searches."""
    visible = Site.objects.visible_to(person(request)).active().order_by("title", "pk")
    search = query.get("q", "").replace("\x00", "")[:200]
    matching = visible
    for word in search.split()[:8]:
        matching = matching.filter(Q(title__icontains=word) | Q(base_url__icontains=word))
    page = Paginator(matching, ENTRIES_PER_PAGE).get_page(query.get("pick"))  # the paging buttons send the page here
    on_page = {site.pk for site in page}
    context = {
        "page": page,
        "search": search,
        "chosen": set(selection.ids),
        "selected_here": len(on_page.intersection(selection.ids)),
        "elsewhere": [site_id for site_id in selection.ids if site_id not in on_page],
        "total": visible.count(),
    }
    return render(request, "configurations/pick.html", context)


def _preview(
    request: HttpRequest, query: QueryDict, selection: Selection, form: PublishForm, status: int = 200
) -> HttpResponse:
    user = person(request)
    try:
        built = services.build_configuration(selection.sites(Site.objects.visible_to(user)))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("configuration_build")
    show = query.get("show", "")
    context = configuration_context(built.site_list, FORMATS[chosen_format(query)]) | {
        "built": built,
        "without_oauth": len(built.lines) - built.with_oauth,
        "selection": selection,
        "method": "post" if len(selection.ids) > MAX_SITES_IN_URL else "get",
        "confirmations": _confirmations(form, built.impacts),
        "missing": max(0, len(selection.ids) - len(built.lines)),
        "show": show if show in {"oauth", "plain"} else "",
        "form": form,
        "changes": _changes_since_current(user, built),
        "may_publish": user.is_administrator,
        "editable": _editable(user),
        "formats": list(FORMATS.values()),
        "next_number": _newest_number() + 1,
    }
    lines = [line for line in built.lines if not context["show"] or bool(line.plain_because) == (show == "plain")]
    context["page"] = Paginator(lines, ENTRIES_PER_PAGE).get_page(query.get("page"))
    context["preview"] = marked_json(pretty_site_list([line.entry for line in built.lines[:PREVIEW_ENTRIES]]))
    context["previewed"] = PREVIEW_ENTRIES
    return render(request, "configurations/build.html", context, status=status)


def _newest_number() -> int:
    return ConfigurationRelease.objects.aggregate(newest=Max("number"))["newest"] or 0


def _editable(user: User) -> bool:
    """Return whether the sites in the preview are editable: owners build only from their own sites."""
    return user.is_administrator or not user.reads_all_sites


def _changes_since_current(user: User, built: services.Configuration) -> Difference | None:
    """Return the changes that publishing would make to sites that the person may see; None before the first release."""
    current = ConfigurationRelease.objects.visible_to(user).order_by("-number").first()
    if current is None:
        return None
    return difference(current, _visible_entries(user, current), [line.entry for line in built.lines])


def _visible_entries(user: User, row: ConfigurationRelease) -> list[Any]:
    """Return the entries of a release that the person may see."""
    entries = list(services.entries_of(row))
    if user.reads_all_sites:
        return entries
    visible = set(Site.objects.visible_to(user).values_list("base_url", flat=True))
    return [entry for entry in entries if entry.base_url in visible]


@dashboard
@action("configurations")
def download(request: HttpRequest) -> HttpResponse:
    """Download a file in one format: of a release as published (``release=N``), or of the current selection."""
    user = person(request)
    format_id = request.POST.get("format", "")
    number = request.POST.get("release", "")
    try:
        if number:
            text = _release_text(request, number, format_id)
        else:
            sites = Selection.of(request.POST).sites(Site.objects.visible_to(user))
            # The page with the button shows what changes.
            text = services.export_configuration(actor=user, sites=sites, format_id=format_id, confirmed=list(Loss))
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
        raise PermissionDenied(
            _(
                "You cannot export this release because it contains sites that you do not manage. Contact an "
                "administrator."
            )
        )
    return services.export_release(actor=person(request), release=row, format_id=format_id)


@administrators
@action("configuration_build")
def publish(request: HttpRequest) -> HttpResponse:
    """Publish the previewed configuration. If its sites changed since the preview, show the preview again instead."""
    user, selection = person(request), Selection.of(request.POST)
    form = PublishForm(request.POST)
    sites = selection.sites(Site.objects.visible_to(user))
    try:
        if form.is_valid():
            seen, note = form.cleaned_data["seen"], form.cleaned_data["note"]
            row = services.publish_release(
                actor=user, sites=sites, note=note, seen=seen or None, confirmed=form.confirmed
            )
            messages.success(request, _published_text(row))
            return redirect("configuration_release", row.number)
    except ValidationError as error:
        _add_publish_errors(form, error)
    if selection.is_empty:
        messages.error(request, _("Select at least one site that is not archived."))
        return redirect("configuration_build")
    return _preview(request, request.POST, selection, form, status=422)


def _published_text(row: ConfigurationRelease) -> str:
    return _("Release %(number)s is published. Export it to your MDM to deliver it to phones.") % {"number": row.number}


def _add_publish_errors(form: PublishForm, error: ValidationError) -> None:
    if hasattr(error, "error_dict"):  # a loss that is not confirmed
        error = ValidationError(dict.fromkeys(error.error_dict, _("Select this to publish it anyway.")))
    add_form_errors(form, error)


def _confirmations(form: PublishForm, impacts: Iterable[services.Impact]) -> list[tuple[services.Impact, BoundField]]:
    """Return each impact with the field that confirms it, labeled with it."""
    pairs = [(impact, form[impact.loss.value]) for impact in impacts]
    for impact, field in pairs:
        field.label = impact.sentence
    return pairs


@dashboard
@form_view
def roll_back(request: HttpRequest, number: int) -> HttpResponse:
    """Show what publishing the list of an earlier release again would change and, on POST, publish it."""
    row, form = _changeable_release(request, number), PublishForm(request.POST if request.method == "POST" else None)
    try:
        if form.is_valid():
            again = services.roll_back(
                actor=person(request), release=row, note=form.cleaned_data["note"], confirmed=form.confirmed
            )
            messages.success(request, _published_text(again))
            return redirect("configuration_release", again.number)
    except ValidationError as error:
        _add_publish_errors(form, error)
    current = services.current_release() or row
    context = {
        "release": row,
        "current": current,
        "form": form,
        "confirmations": _confirmations(form, services.impacts_of_rolling_back(row)),
        "changes": difference(current, services.entries_of(current), services.entries_of(row)),
        "next_number": current.number + 1,
    }
    return render(request, "configurations/roll_back.html", context, status=422 if form.errors else 200)


def _changeable_release(request: HttpRequest, number: int) -> ConfigurationRelease:
    """Return the release. Raises Http404, or PermissionDenied if the person may only read it."""
    row = visible_release(request, number)
    if not person(request).is_administrator:
        raise PermissionDenied(_("Only administrators can do this."))
    return row


@dashboard
@action("configuration_release", "number")
def deployed(request: HttpRequest, number: int) -> HttpResponse:
    """Record that a release was entered in the MDM's console."""
    row, form = _changeable_release(request, number), DeployedForm(request.POST)
    try:
        if form.is_valid():
            services.mark_deployed(actor=person(request), release=row, console=form.cleaned_data["console"])
            return redirect("configuration_release", number)
    except ValidationError as error:
        add_form_errors(form, error)
    return _release_page(request, row, form, status=422)


@dashboard
@page_view
def release(request: HttpRequest, number: int) -> HttpResponse:
    """Show a release: its entries, its changes since the previous one, and its export formats."""
    return _release_page(request, visible_release(request, number), DeployedForm())


def _release_page(
    request: HttpRequest, row: ConfigurationRelease, form: DeployedForm, status: int = 200
) -> HttpResponse:
    user, number = person(request), row.number
    entries = _visible_entries(user, row)
    releases = ConfigurationRelease.objects.visible_to(user)
    before = releases.filter(number__lt=number).order_by("-number").first()
    context: dict[str, Any] = {
        "release": row,
        "before": before,
        "after": releases.filter(number__gt=number).order_by("number").defer("site_list").first(),
        "is_current": not _newer_than(row),
        "form": form,
        "may_mark": user.is_administrator and row.deployed_at is None,
        "may_roll_back": user.is_administrator and _newer_than(row),
        "can_read_all": may_read_entire_release(user, row),
        "count": len(entries),
        "with_oauth": sum(entry.client_id is not None for entry in entries),
        "page": _page_of(request, entries),
        "preview": marked_json(pretty_site_list(entries[:PREVIEW_ENTRIES])) if entries else "",
        "previewed": PREVIEW_ENTRIES,
        "value": row.site_list if len(row.site_list) <= MAX_VALUE_LENGTH else "",
        "formats": list(FORMATS.values()),
        "changes": difference(before, _visible_entries(user, before), entries) if before else None,
    }
    return render(request, "configurations/release.html", context, status=status)


def _page_of(request: HttpRequest, entries: list[Any]) -> Page[Any]:
    return Paginator(entries, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))


@dashboard
@form_view
def lint(request: HttpRequest) -> HttpResponse:
    """Check an app configuration that is pasted or uploaded. The text stays on the page and is not stored."""
    is_post = request.method == "POST"
    form = LintForm(request.POST if is_post else None, request.FILES if is_post else None)
    context: dict[str, Any] = {"form": form, "cancel": reverse("configurations")}
    if is_valid := form.is_bound and form.is_valid():
        result = check_configuration(
            form.cleaned_data["data"], form.cleaned_data["format"], allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK
        )
        context |= checked_context(result)
    return render(request, "configurations/lint.html", context, status=422 if form.is_bound and not is_valid else 200)
