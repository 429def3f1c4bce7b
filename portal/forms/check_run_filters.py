"""The filters of a site's history."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rollout.models import CheckRun

SHOWN = [("changes", _("Only changes"))]
SORTS = {"when": ("requested_at",)}
DEFAULT_SORT = "-when"


class CheckRunFilters(django_filters.FilterSet):
    show = django_filters.ChoiceFilter(choices=SHOWN, method="by_change", label=_("Show"))
    because = django_filters.ChoiceFilter(
        "trigger", choices=CheckRun.Trigger.choices, label=_("Because"), empty_label=_("Any")
    )

    chips = ("show",)

    class Meta:
        model = CheckRun
        fields: list[str] = []

    def by_change(self, rows: QuerySet[CheckRun], name: str, value: Any) -> QuerySet[CheckRun]:
        return rows.filter(changed_at__isnull=False)
