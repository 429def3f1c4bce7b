"""List of the checks of a site: filters, sort orders and CSV export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.pages.listing import CSV_CHUNK, Export, Table
from portal.presenters.check_history import HistoryEntry, in_chunks
from rollout.models import CheckRun, RunState

SHOWN = [("changes", _("Only changes"))]


class CheckRunFilters(django_filters.FilterSet):
    """Checks by whether they changed a verdict and by what triggered them."""

    show = django_filters.ChoiceFilter(choices=SHOWN, method="by_change", label=_("Show"))
    because = django_filters.ChoiceFilter(
        "trigger", choices=CheckRun.Trigger.choices, label=_("Trigger"), empty_label=_("Any")
    )

    chips = ("show",)

    class Meta:
        model = CheckRun
        fields: list[str] = []

    def by_change(self, rows: QuerySet[CheckRun], name: str, value: Any) -> QuerySet[CheckRun]:
        return rows.filter(changed_at__isnull=False)


def _cells(runs: Iterator[CheckRun]) -> Iterator[list[Any]]:
    return (list(_row(entry)) for entry in in_chunks(runs, CSV_CHUNK))


def _row(entry: HistoryEntry) -> Iterator[Any]:
    run, changes = entry.run, {change.setup: change for change in entry.changes}
    done = run.state == RunState.DONE
    yield from (run.pk, run.requested_at.isoformat(), run.trigger, run.requested_by or "", run.state)
    yield from (
        _time(run.finished_at),
        run.matrix,
        run.mdm_verdict if done else "",
        run.non_mdm_verdict if done else "",
    )
    yield _time(run.changed_at)
    for setup in ("mdm", "non_mdm"):
        change = changes.get(setup)
        yield from (change.was, change.was_because, change.now_because) if change else ("", "", "")


def _time(value: Any) -> str:
    return value.isoformat() if value else ""


CHECK_RUNS = Table(
    filters=CheckRunFilters,
    sorts={"when": ("requested_at",)},
    default_sort="-when",
    export=Export(
        "checks-{site}.csv",
        action="checks.exported",
        columns=(
            "id", "requested_at", "because", "requested_by", "state", "finished_at", "matrix", "with_mdm",
            "without_mdm", "changed_at", "with_mdm_was", "with_mdm_was_because", "with_mdm_now_because",
            "without_mdm_was", "without_mdm_was_because", "without_mdm_now_because",
        ),
        cells=_cells,
        counted=None,
    ),
)  # fmt: skip
