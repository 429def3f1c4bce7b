"""Filters, order and CSV export of the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.pages.listing import Export, SearchFilter, Table
from portal.presenters.audit import FAMILIES, TARGETS, details_of, sentence_of
from rollout.models import AuditEvent

MAX_ID = 2**63 - 1
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


class DayFilter(django_filters.DateFilter):
    """A day in the reader's time zone, within the range that every database supports."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["widget"] = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        kwargs["validators"] = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
        super().__init__(**kwargs)


class AuditFilters(django_filters.FilterSet):
    """Filters of the audit log. Links on other pages set ``person`` and ``target_id``."""

    q = SearchFilter(fields=("actor_label", "target_label", "action"), label=_("Search"))
    family = django_filters.ChoiceFilter(
        choices=[(name, label) for name, (label, _prefixes) in FAMILIES.items()],
        method="by_family",
        label=_("Category"),
    )
    target_type = django_filters.ChoiceFilter(choices=list(TARGETS.items()), label=_("Object type"))
    since = DayFilter(method="by_since", label=_("From"))
    until = DayFilter(method="by_until", label=_("To"))
    person = django_filters.NumberFilter(
        field_name="actor", min_value=1, max_value=MAX_ID, decimal_places=0, label=_("Person")
    )
    target_id = django_filters.CharFilter(max_length=40, label=_("Object ID"))

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def by_family(self, rows: QuerySet[AuditEvent], _name: str, value: str) -> QuerySet[AuditEvent]:
        actions = Q()
        for prefix in FAMILIES[value][1]:
            actions |= Q(action__startswith=prefix)
        return rows.filter(actions)

    def by_since(self, rows: QuerySet[AuditEvent], _name: str, day: date) -> QuerySet[AuditEvent]:
        return rows.filter(at__gte=_start(day))

    def by_until(self, rows: QuerySet[AuditEvent], _name: str, day: date) -> QuerySet[AuditEvent]:
        return rows.filter(at__lt=_start(day + timedelta(days=1)))


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _cells(events: Iterator[AuditEvent]) -> Iterator[list[Any]]:
    for row in events:
        yield [
            row.number,
            row.at.isoformat(),
            row.actor_label,
            row.action,
            sentence_of(row),
            row.target_type,
            row.target_id,
            row.target_label,
            json.dumps(dict(details_of(row)), ensure_ascii=False),
            row.hash,
        ]


EVENTS = Table(
    filters=AuditFilters,
    sorts={"number": ("number",)},
    default_sort="-number",
    export=Export(
        "activity.csv",
        action="activity.exported",
        columns=(
            "number", "at", "actor", "action", "sentence", "target_type", "target_id", "target", "details", "hash",
        ),
        cells=_cells,
        counted=None,
    ),
)  # fmt: skip
