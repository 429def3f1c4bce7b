"""Phones, for administrators: list, export and sign out phones that are signed in to sites hosted by Gatepass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from oauth2_provider.models import get_refresh_token_model

from oauth_provider.models import SignOut
from oauth_provider.tokens.sessions import live_refresh_tokens
from portal.accounts.access import administrators, person
from portal.accounts.people import revoke_phone, revoke_phones
from portal.pages.actions import action, page_view
from portal.pages.listing import Export, SearchFilter, Table
from portal.presenters.user_agents import app_of, describe
from rollout.models import ApplicationLink, Site, Wave


class PhoneFilters(django_filters.FilterSet):
    q = SearchFilter(
        fields=("user__email", "user__first_name", "device__name", "device__user_agent"), label=gettext_lazy("Search")
    )
    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.filter(provider="gatepass").order_by("title"),
        method="by_site",
        label=gettext_lazy("Site"),
    )
    wave = django_filters.ModelChoiceFilter(queryset=Wave.objects.all(), method="by_wave", label=gettext_lazy("Wave"))

    class Meta:
        model = get_refresh_token_model()
        fields: list[str] = []

    def by_site(self, rows: Any, _name: str, site: Site) -> Any:
        return rows.filter(application__client_id__in=_links().filter(site=site).values("client_id"))

    def by_wave(self, rows: Any, _name: str, wave: Wave) -> Any:
        """Keep the phones of the wave's people on the wave's sites."""
        people = wave.passes.exclude(person=None).order_by().values("person")
        return rows.filter(
            user__in=people, application__client_id__in=_links().filter(site__waves=wave).values("client_id")
        )


def _cells(phones: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
    for row in phones:
        device = getattr(row, "device", None)
        columns = (device.name, device.user_agent, device.address) if device else ("", "", "")
        times = (row.created.isoformat(), row.updated.isoformat())
        yield (row.user.email, row.user.get_full_name(), row.site_title, *columns, *times)


PHONES = Table(
    filters=PhoneFilters,
    sorts={"person": ("user__email",), "signed_in": ("created",), "used": ("updated",)},
    default_sort="-used",
    export=Export(
        "phones.csv",
        action="phone.exported",
        columns=("email", "person", "site", "name", "user_agent", "address", "signed_in_at", "refreshed_at"),
        cells=_cells,
    ),
)


def _links() -> QuerySet[ApplicationLink]:
    return ApplicationLink.objects.registered_here().order_by()


def _phones() -> QuerySet[Any]:
    of_client = _links().filter(client_id=OuterRef("application__client_id"))
    return live_refresh_tokens().annotate(
        site_pk=Subquery(of_client.values("site")[:1]), site_title=Subquery(of_client.values("site__title")[:1])
    )


@administrators
@page_view
def phones(request: HttpRequest) -> HttpResponse:
    """List the phones of all people, with a button that signs out all that match the filters."""
    listing = PHONES.listing(request, _phones())
    rows = [{"phone": row, "app": _app(row)} for row in listing.rows]
    context = {"listing": listing, "sort": listing.sort, "rows": rows, "sign_outs": _sign_outs()}
    context["revoke_url"] = reverse("phones_revoke") + listing.query_string
    return render(request, "people/phones.html", context)


def _app(row: Any) -> str:
    user_agent = row.device.user_agent if hasattr(row, "device") else ""
    return app_of(user_agent) or describe(user_agent)


@administrators
@page_view
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """Export the filtered rows as CSV."""
    return PHONES.csv(request, _phones())


@administrators
@action("phones")
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out one phone."""
    row = live_refresh_tokens().filter(pk=pk).first()
    if row is None:
        raise Http404
    if revoke_phone(actor=person(request), owner=row.user, pk=row.pk):
        messages.success(request, _("%(person)s's phone was signed out.") % {"person": row.user})
    else:
        messages.info(request, _("That phone is already signed out."))
    return redirect("phones")


@administrators
@action("phones", with_query=True)
def revoke_matching(request: HttpRequest) -> HttpResponse:
    """Sign out every phone that matches the filters in the URL; with an invalid filter, none."""
    matches = PHONES.find(request, _phones())
    if matches.filters.form.errors:
        messages.error(request, _("No phone was signed out because a filter is invalid. Clear the filters."))
        return redirect("phones")
    ended = revoke_phones(actor=person(request), pks=list(matches.rows.order_by("pk").values_list("pk", flat=True)))
    if not ended.is_queued:  # else the page shows the progress
        text = ngettext("%(n)d phone was signed out.", "%(n)d phones were signed out.", ended.phones)
        messages.success(request, text % {"n": ended.phones})
    return redirect("phones")


@never_cache
@administrators
@page_view
def sign_outs(request: HttpRequest) -> HttpResponse:
    """Render the progress of sign-outs, which the page polls until none is left; then the page reloads."""
    rows = _sign_outs()
    response = render(request, "people/_sign_outs.html", {"sign_outs": rows})
    if not rows:
        response["HX-Refresh"] = "true"
    return response


def _sign_outs() -> list[SignOut]:
    return list(SignOut.objects.unfinished().defer("refresh_tokens").order_by("pk"))
