"""Filters, order and CSV export of the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.access import person
from portal.models import User
from portal.pages.listing import Export, SearchFilter, Table
from portal.presenters.audit import FAMILIES, TARGETS, actor_of, details_of, sentence_of, target_of
from rollout.models import AuditEvent

ADDRESS = "personal_data__address"
MAX_ID = 2**63 - 1
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


class DayFilter(django_filters.DateFilter):
    """A day in the reader's time zone, within the range that every database supports."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["widget"] = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        kwargs["validators"] = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
        super().__init__(**kwargs)


class EventSearch(SearchFilter):
    """The search; IP addresses are searched only for readers who see them."""

    def filter(self, qs: QuerySet[AuditEvent], value: str) -> QuerySet[AuditEvent]:
        request = self.parent.request
        if request is None or not person(request).reads_all_sites:
            self.searched = tuple(name for name in self.searched if name != ADDRESS)
        return super().filter(qs, value)


class AuditFilters(django_filters.FilterSet):
    """Filters of the audit log. Links on other pages set ``person`` and ``target_id``."""

    q = EventSearch(
        fields=(
            "actor_label", "target_label", "personal_data__actor_label", "personal_data__target_label", ADDRESS,
            "action",
        ),
        label=_("Search"),
    )  # fmt: skip
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
            actor_of(row),
            row.action,
            sentence_of(row),
            row.target_type,
            row.target_id,
            target_of(row),
            json.dumps(dict(details_of(row)), ensure_ascii=False),
            row.hash,
        ]


def _cells_with_addresses(events: Iterator[AuditEvent]) -> Iterator[list[Any]]:
    for row in events:
        yield from ([*cells, row.address] for cells in _cells(iter([row])))


_COLUMNS = ("number", "at", "actor", "action", "sentence", "target_type", "target_id", "target", "details", "hash")
_EXPORT = Export("activity.csv", action="activity.exported", columns=_COLUMNS, cells=_cells, counted=None)
EVENTS = Table(filters=AuditFilters, sorts={"number": ("number",)}, default_sort="-number", export=_EXPORT)
_WITH_ADDRESSES = replace(
    EVENTS, export=replace(_EXPORT, columns=(*_COLUMNS, "ip_address"), cells=_cells_with_addresses)
)


def events_table(reader: User) -> Table:
    """Return the list of events, with clients' addresses for those who read the whole log."""
    return _WITH_ADDRESSES if reader.reads_all_sites else EVENTS
