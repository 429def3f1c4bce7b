"""What the lists of sweeps, and of one sweep's sites, can be filtered by."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from portal.pages.listing import SearchFilter
from rollout.models import CheckRun, RunState, Sweep, SweepState

NOTABLE = Q(state=RunState.FAILED) | Q(changed_at__isnull=False)


class SweepFilters(django_filters.FilterSet):
    """Sweeps by state, by what started them and by who did."""

    q = SearchFilter(fields=("requested_by__email", "requested_by__first_name"), label=_("Search"))
    state = django_filters.ChoiceFilter(choices=SweepState.choices, label=_("State"))
    trigger = django_filters.ChoiceFilter(choices=Sweep.Trigger.choices, label=_("Started by"))
    chips = ("state",)

    class Meta:
        model = Sweep
        fields: list[str] = []


class SweepRunFilters(django_filters.FilterSet):
    """A sweep's sites: at first only those that changed or could not be finished."""

    q = SearchFilter(fields=("site__title", "site__base_url"), label=_("Search"))
    show = django_filters.ChoiceFilter(
        choices=[("changed", _("Changed")), ("broken", _("Not finished")), ("every", _("Every site"))],
        method="by_show",
        label=_("Show"),
    )

    class Meta:
        model = CheckRun
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[CheckRun]) -> QuerySet[CheckRun]:
        rows: QuerySet[CheckRun] = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("show") else rows.filter(NOTABLE)

    def by_show(self, rows: QuerySet[CheckRun], _name: str, value: str) -> QuerySet[CheckRun]:
        if value == "changed":
            return rows.filter(changed_at__isnull=False)
        return rows.filter(state=RunState.FAILED) if value == "broken" else rows
