"""The list of sites: filters, sort orders and CSV export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import NullIf, StrIndex
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.pages.listing import Export, SearchFilter, Table
from portal.presenters.overview import CATEGORY_CHOICES, CATEGORY_RANK, in_category
from rollout.formats.site_csv import COLUMNS
from rollout.models import ApplicationLink, Product, Provider, Site, VerdictChoices
from rollout.models.site import SiteQuerySet

ANY = _("Any")
MDM_VERDICTS = [choice for choice in VerdictChoices.choices if choice[0] != VerdictChoices.READY_NON_MDM]
NON_MDM_VERDICTS = [choice for choice in VerdictChoices.choices if choice[0] != VerdictChoices.READY_MDM]
LINKS = [("mdm", _("MDM link")), ("switch", _("OAuth 2.0 turned on")), ("none", _("No link"))]
ARCHIVED = [("only", _("Archived only")), ("all", _("Include archived"))]


class SiteFilters(django_filters.FilterSet):
    """Filters of the list of sites."""

    q = SearchFilter(fields=("title", "base_url", "notes"), label=_("Search"))
    status = django_filters.ChoiceFilter(choices=CATEGORY_CHOICES, method="by_category", label=_("Status"))
    mdm = django_filters.ChoiceFilter("mdm_verdict", choices=MDM_VERDICTS, label=_("MDM setup"), empty_label=ANY)
    non_mdm = django_filters.ChoiceFilter(
        "non_mdm_verdict", choices=NON_MDM_VERDICTS, label=_("Non-MDM setup"), empty_label=ANY
    )
    link = django_filters.ChoiceFilter(choices=LINKS, method="by_link", label=_("Application link"), empty_label=ANY)
    product = django_filters.ChoiceFilter(choices=Product.choices, label=_("Product"), empty_label=ANY)
    provider = django_filters.ChoiceFilter(choices=Provider.choices, label=_("OAuth provider"), empty_label=ANY)
    owner = django_filters.ModelChoiceFilter(
        field_name="owners",
        queryset=User.objects.filter(owned_sites__isnull=False).distinct().order_by("email"),
        label=_("Owner"),
        empty_label=ANY,
    )
    archived = django_filters.ChoiceFilter(
        choices=ARCHIVED, method="by_archived", label=_("Archived"), empty_label=_("Not archived")
    )

    chips = ("status",)

    class Meta:
        model = Site
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.request.user.reads_all_sites:
            del self.filters["owner"]  # site owners see only their own sites

    def filter_queryset(self, queryset: QuerySet[Site]) -> QuerySet[Site]:
        """Leave out archived sites unless they are requested."""
        if not self.form.cleaned_data.get("archived"):
            queryset = queryset.filter(archived_at=None)
        return super().filter_queryset(queryset)

    def by_category(self, rows: SiteQuerySet, name: str, value: str) -> SiteQuerySet:
        return in_category(rows, value)

    def by_link(self, rows: QuerySet[Site], name: str, value: str) -> QuerySet[Site]:
        links = ApplicationLink.objects.active().filter(site=OuterRef("pk"))
        if value == "none":
            return rows.exclude(Exists(links))
        origin = ApplicationLink.Origin.WIZARD if value == "mdm" else ApplicationLink.Origin.SWITCH
        return rows.filter(Exists(links.filter(origin=origin)))

    def by_archived(self, rows: QuerySet[Site], name: str, value: str) -> QuerySet[Site]:
        return rows.exclude(archived_at=None) if value == "only" else rows


def _cells(sites: Iterator[Site]) -> Iterator[list[Any]]:
    """Yield the columns of an import. The owners of the sites must be prefetched."""
    for site in sites:
        owners = " ".join(sorted(owner.email for owner in site.owners.all()))
        yield [_cell(owners if column == "owners" else getattr(site, column)) for column in COLUMNS]


def _cell(value: Any) -> Any:
    return ("true" if value else "false") if isinstance(value, bool) else value


# The server version is text, so it is sorted by the number of digits before the first dot first.
_VERSION = NullIf("server_version", Value(""), output_field=CharField())
SITES = Table(
    filters=SiteFilters,
    sorts={
        "title": ("title",),
        "verdict": (CATEGORY_RANK, "title"),
        "version": (NullIf(StrIndex("server_version", Value(".")), Value(0)), _VERSION),
        "checked": ("checked_at",),
        "people": ("people", "title"),
    },
    default_sort="title",
    export=Export("sites.csv", action="sites.exported", columns=COLUMNS, cells=_cells, counted="sites"),
)
