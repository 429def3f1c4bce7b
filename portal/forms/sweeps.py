"""Lists of bulk checks and of the sites of one: filters, sort orders and CSV export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from portal.pages.listing import Export, SearchFilter, Table
from rollout.models import CheckRun, RunState, Sweep, SweepState

NOTABLE = Q(state=RunState.FAILED) | Q(changed_at__isnull=False)


class SweepFilters(django_filters.FilterSet):
    """Bulk checks by state, by trigger and by the person who started them."""

    q = SearchFilter(fields=("requested_by__email", "requested_by__first_name"), label=_("Search"))
    state = django_filters.ChoiceFilter(choices=SweepState.choices, label=_("State"))
    trigger = django_filters.ChoiceFilter(choices=Sweep.Trigger.choices, label=_("Started by"))
    chips = ("state",)

    class Meta:
        model = Sweep
        fields: list[str] = []


class SweepRunFilters(django_filters.FilterSet):
    """Sites of a bulk check; without a filter only those that changed or failed."""

    q = SearchFilter(fields=("site__title", "site__base_url"), label=_("Search"))
    show = django_filters.ChoiceFilter(
        choices=[("changed", _("Changed")), ("broken", _("Failed")), ("every", _("All sites"))],
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


def _sweep_cells(sweeps: Iterator[Sweep]) -> Iterator[list[Any]]:
    for row in sweeps:
        times = [moment.isoformat() if moment else "" for moment in (row.started_at, row.finished_at)]
        counts = [row.total, row.done, row.failing, row.broken, row.changed]
        yield [row.pk, row.trigger, row.requested_by or "", row.state, *times, *counts]


def _run_cells(runs: Iterator[CheckRun]) -> Iterator[list[Any]]:
    for run in runs:
        evaluated = [run.mdm_verdict, run.non_mdm_verdict] if run.state == "done" else ["", ""]
        ended = run.finished_at.isoformat() if run.finished_at else ""
        was = [run.was_mdm_verdict, run.was_non_mdm_verdict]
        yield [run.site.title, run.site.base_url, run.state, ended, *evaluated, *was, run.failure]


SWEEPS = Table(
    filters=SweepFilters,
    sorts={
        "started": ("started_at",), "ended": ("finished_at",), "sites": ("total",), "changed": ("changed",),
        "failing": ("failing",), "broken": ("broken",),
    },
    default_sort="-started",
    export=Export(
        "sweeps.csv",
        action="sweeps.exported",
        columns=(
            "id", "started_by", "requested_by", "state", "started_at", "finished_at", "sites", "evaluated",
            "not_reached", "not_finished", "changed",
        ),
        cells=_sweep_cells,
    ),
)  # fmt: skip
SWEEP_RUNS = Table(
    filters=SweepRunFilters,
    sorts={"site": ("site__title",), "finished": ("finished_at",), "mdm": ("mdm_verdict",)},
    default_sort="site",
    export=Export(
        "sweep-{sweep}.csv",
        action="sweeps.exported",
        columns=(
            "site", "base_url", "state", "finished_at", "mdm_verdict", "non_mdm_verdict", "was_mdm_verdict",
            "was_non_mdm_verdict", "failure",
        ),
        cells=_run_cells,
    ),
)  # fmt: skip
