"""Lists of rows with search, filters, sorting and pages, all kept in the URL, and the same rows as CSV.

A module declares a ``Table`` once; the list page uses ``table.listing`` and the export ``table.csv``. Exports are
recorded in the audit log here and nowhere else. A list accepts any query string: an invalid filter is ignored, and the
page names it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import Combinable, OrderBy
from django.http import HttpRequest, QueryDict, StreamingHttpResponse
from django.utils.translation import gettext as _

from portal.accounts.access import person
from rollout.formats.site_csv import escape_formula
from rollout.services import audit

PAGE_SIZE = 50
CSV_CHUNK = 500
MAX_SEARCH_WORDS = 8
SEARCH = "q"
Sorts = Mapping[str, Sequence[str | Combinable]]


class SearchFilter(django_filters.CharFilter):
    """Rows in which each search word occurs in one of ``fields``, ignoring case."""

    def __init__(self, *, fields: Sequence[str], **kwargs: Any) -> None:
        super().__init__(max_length=200, **kwargs)
        self.searched = tuple(fields)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        for word in (value or "").split()[:MAX_SEARCH_WORDS]:
            matches = Q()
            for name in self.searched:
                matches |= Q(**{f"{name}__icontains": word})
            qs = qs.filter(matches)
        return qs


@dataclass(frozen=True)
class SetFilter:
    """An active filter. ``words`` describe it ("State: Failed"); ``url`` is the list without it."""

    name: str
    words: str
    url: str


@dataclass(frozen=True)
class Listing:
    """One page of rows and what its template needs. ``sort`` is the active order, with ``-`` in front if descending."""

    page: Page[Any]
    filters: django_filters.FilterSet
    sort: str
    query: QueryDict

    @property
    def rows(self) -> list[Any]:
        return list(self.page.object_list)

    @property
    def count(self) -> int:
        return self.page.paginator.count

    @property
    def search(self) -> str:
        return self.query.get(SEARCH, "")

    @property
    def form(self) -> forms.Form:
        """The filters as form fields, for ``partials/field.html`` or one by one."""
        return self.filters.form

    @property
    def selects(self) -> list[forms.BoundField]:
        """The single-choice filters without chips of their own (``FilterSet.chips`` names those with chips)."""
        chips = getattr(self.filters, "chips", ())
        return [field for field in self.form if isinstance(field.field, forms.ChoiceField) and field.name not in chips]

    @property
    def hidden_fields(self) -> list[tuple[str, str]]:
        """The parameters that a form of ``selects`` has to repeat as hidden fields."""
        own = {"page", *(field.name for field in self.selects)}
        return [(name, value) for name, values in self.query.lists() if name not in own for value in values]

    @property
    def query_string(self) -> str:
        """Query string without the page number, for a CSV export of the same rows."""
        query = self.query.copy()
        query.pop("page", None)
        return f"?{query.urlencode()}" if query else ""

    @property
    def set_filters(self) -> list[SetFilter]:
        """The active filters except the search, whose field shows it."""
        active = []
        for name, value in self.form.cleaned_data.items():
            if value in (None, "", [], False) or name == SEARCH:
                continue
            active.append(SetFilter(name, f"{self.form.fields[name].label}: {self._words(name)}", self._without(name)))
        return active

    @property
    def is_filtered(self) -> bool:
        return bool(self.search.strip() or self.set_filters)

    @property
    def problems(self) -> list[str]:
        """One sentence for each invalid filter that was ignored."""
        return [
            _("The filter “%(name)s” is invalid and was ignored.") % {"name": self.form.fields[name].label}
            for name in self.form.errors
        ]

    def _words(self, name: str) -> str:
        value = self.query.get(name, "")
        choices = getattr(self.form.fields[name], "choices", ())
        return next((str(label) for key, label in choices if str(key) == value), value)

    def _without(self, name: str) -> str:
        query = self.query.copy()
        query.pop(name, None)
        query.pop("page", None)
        return f"?{query.urlencode()}"


@dataclass(frozen=True)
class Export:
    """CSV export of a list: its columns, its cells and its event in the audit log.

    ``cells`` receives an iterator over the rows, which the database streams. ``counted`` is the key of the number of
    rows in the details of the event. It is None for a list that is too long to be counted; the details then contain
    the names of the active filters under ``filters``.
    """

    filename: str
    action: str
    columns: Sequence[str]
    cells: Callable[[Iterator[Any]], Iterable[Sequence[Any]]]
    counted: str | None = "rows"


@dataclass(frozen=True)
class FilteredRows:
    """All rows that match the filters of a URL, in the order of its ``sort`` parameter."""

    filters: django_filters.FilterSet
    sort: str
    rows: QuerySet[Any]


@dataclass(frozen=True)
class Table:
    """Declaration of a list, shared by its page and its export.

    ``sorts`` maps a name in ``?sort=`` to fields or expressions; ``?sort=-name`` reverses all of them. An unknown sort
    falls back to the default, and a page number out of range to the nearest page.
    """

    filters: type[django_filters.FilterSet]
    sorts: Sorts
    default_sort: str
    page_size: int = PAGE_SIZE
    export: Export | None = None

    def find(self, request: HttpRequest, rows: QuerySet[Any]) -> FilteredRows:
        """Return all of ``rows`` that match the URL's filters, in its order."""
        bound = self.filters(request.GET, queryset=rows, request=request)
        # django-filter does not bind a FilterSet to an empty query string, and an unbound one has no errors to read.
        bound.is_bound = True
        sort = request.GET.get("sort", "")
        if sort.removeprefix("-") not in self.sorts or sort.startswith("--"):
            sort = self.default_sort
        order = _order(rows.model, self.sorts[sort.removeprefix("-")], sort.startswith("-"))
        return FilteredRows(bound, sort, bound.qs.order_by(*order))

    def listing(self, request: HttpRequest, rows: QuerySet[Any]) -> Listing:
        """Return the page of ``rows`` that the URL selects, using two queries and those of the caller's prefetches."""
        filtered = self.find(request, rows)
        page = Paginator(filtered.rows, self.page_size).get_page(request.GET.get("page"))
        return Listing(page=page, filters=filtered.filters, sort=filtered.sort, query=request.GET)

    def csv(
        self, request: HttpRequest, rows: QuerySet[Any], *, target: Model | None = None, **names: object
    ) -> StreamingHttpResponse:
        """Record the export in the audit log and return the file; ``names`` fill the placeholders of the file name.

        Raises TypeError when the table has no export.
        """
        if self.export is None:
            raise TypeError("this table has no export")
        export, filtered = self.export, self.find(request, rows)
        details = (
            {export.counted: filtered.rows.count()}
            if export.counted
            else {"filters": sorted(filtered.filters.form.changed_data)}
        )
        audit.record(actor=person(request), action=export.action, target=target, details=details)
        cells = export.cells(filtered.rows.iterator(chunk_size=CSV_CHUNK))
        return csv_response(export.filename.format(**names), export.columns, cells)


def _order(model: type[Model], fields: Sequence[str | Combinable], descending: bool) -> list[OrderBy]:
    """Return the fields as ``order_by`` arguments: NULLs last, and the primary key last so that the order is stable."""
    order = []
    for field in (*fields, "pk"):
        last = True if not isinstance(field, str) or _is_nullable(model, field) else None
        expression = F(field) if isinstance(field, str) else field
        order.append(expression.desc(nulls_last=last) if descending else expression.asc(nulls_last=last))  # type: ignore[attr-defined]
    return order


def _is_nullable(model: type[Model], name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).null)
    except FieldDoesNotExist:  # an annotation, or a field of a related row
        return False


class _Echo:
    """File-like object for ``csv.writer`` that returns each line instead of storing it."""

    def write(self, text: str) -> str:
        return text


def csv_response(filename: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Return the rows as a streamed CSV download.

    A byte order mark marks the file as UTF-8 for spreadsheets, and cells that would start a formula are escaped.
    """
    response = StreamingHttpResponse(_csv_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    return response


def _csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([escape_formula("" if cell is None else str(cell)) for cell in row])
