"""The list of passes: rows, filters, sorting and CSV export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from portal.accounts.access import person
from portal.models import User
from portal.pages.listing import Export, SearchFilter, Table
from rollout.models import EnrollmentPass, PassState, Site, Wave


def _sites_with_passes(request: HttpRequest) -> QuerySet[Site]:
    return Site.objects.filter(
        pk__in=Site.objects.visible_to(person(request)).exclude(passes=None).order_by().values("pk")
    )


def _waves_seen(request: HttpRequest) -> QuerySet[Wave]:
    seen = EnrollmentPass.objects.visible_to(person(request)).exclude(wave=None)
    return Wave.objects.filter(pk__in=seen.order_by().values("wave"))


class PassFilters(django_filters.FilterSet):
    """Passes by recipient, state, site and wave."""

    chips = ("state",)
    q = SearchFilter(fields=("label", "person__email", "person__first_name"), label=gettext_lazy("Search"))
    state = django_filters.ChoiceFilter(choices=PassState.choices, method="by_state", label=gettext_lazy("State"))
    site = django_filters.ModelChoiceFilter(queryset=_sites_with_passes, method="by_site", label=gettext_lazy("Site"))
    wave = django_filters.ModelChoiceFilter(queryset=_waves_seen, label=gettext_lazy("Wave"))

    class Meta:
        model = EnrollmentPass
        fields: list[str] = []

    def by_state(self, rows: Any, _name: str, value: str) -> Any:
        return rows.in_state(value, timezone.now())

    def by_site(self, rows: Any, _name: str, site: Site) -> Any:
        return rows.filter(pk__in=site.passes.order_by().values("pk"))


def _cells(rows: Iterator[EnrollmentPass]) -> Iterator[tuple[Any, ...]]:
    """Return the cells of the CSV export. They contain no link, because links are not stored."""
    now = timezone.now()
    for row in rows:
        yield (
            row.label,
            row.person.email if row.person else "",
            row.state(now).value,
            " ".join(site.base_url for site in row.seen_sites),  # type: ignore[attr-defined]
            row.wave or "",
            row.uses,
            row.max_uses,
            row.expires_at.isoformat(),
            row.created_at.isoformat(),
            row.created_by.email if row.created_by else "",
        )


def pass_rows(user: User) -> QuerySet[EnrollmentPass]:
    """Visible passes with ``seen_sites``, the sites that this person may see, and ``site_count``, the number of all."""
    seen = Prefetch("sites", queryset=Site.objects.visible_to(user).only("title", "base_url"), to_attr="seen_sites")
    rows = EnrollmentPass.objects.visible_to(user).select_related("person", "wave", "created_by")
    return rows.prefetch_related(seen).annotate(site_count=Count("sites"))


PASSES = Table(
    filters=PassFilters,
    sorts={"label": ("label",), "expires": ("expires_at",), "issued": ("created_at",), "uses": ("uses",)},
    default_sort="-issued",
    export=Export(
        "passes.csv",
        action="passes.exported",
        columns=(
            "label", "person", "state", "sites", "wave", "uses", "max_uses", "expires_at", "issued_at", "issued_by",
        ),
        cells=_cells,
    ),
)  # fmt: skip
