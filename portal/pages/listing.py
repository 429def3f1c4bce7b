"""How every page lists rows: search, filter, sort and page, all kept in the URL; and the same rows as CSV.

A view module declares a ``Table`` once; its list page takes ``table.listing`` and its export ``table.csv``. Exports are
recorded in the audit trail here and nowhere else. A list never refuses a query string: a filter that cannot be read is
left out, and the page says so.
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
MOST_WORDS = 8
SEARCH = "q"
Sorts = Mapping[str, Sequence[str | Combinable]]


class SearchFilter(django_filters.CharFilter):
    """Rows in which every word stands in one of ``fields``, in any case."""

    def __init__(self, *, fields: Sequence[str], **kwargs: Any) -> None:
        super().__init__(max_length=200, **kwargs)
        self.searched = tuple(fields)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        for word in (value or "").split()[:MOST_WORDS]:
            found = Q()
            for name in self.searched:
                found |= Q(**{f"{name}__icontains": word})
            qs = qs.filter(found)
        return qs


@dataclass(frozen=True)
class SetFilter:
    """A filter that is set: ``words`` say it, ``url`` is the list without it."""

    name: str
    words: str
    url: str


@dataclass(frozen=True)
class Listing:
    """A page of rows and what a template needs around it. ``sort`` is the order in force, ``-`` when turned."""

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
        """The fields of one choice that have no chips of their own (``FilterSet.chips`` names those that have)."""
        chips = getattr(self.filters, "chips", ())
        return [field for field in self.form if isinstance(field.field, forms.ChoiceField) and field.name not in chips]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that a form of ``selects`` has to carry along."""
        own = {"page", *(field.name for field in self.selects)}
        return [(name, value) for name, values in self.query.lists() if name not in own for value in values]

    @property
    def query_string(self) -> str:
        """``?…`` of search, filters and sort without the page: what a CSV export of the same rows takes."""
        query = self.query.copy()
        query.pop("page", None)
        return f"?{query.urlencode()}" if query else ""

    @property
    def set_filters(self) -> list[SetFilter]:
        """The filters in force, the search left out (its field shows it), each with a way to take it out."""
        found = []
        for name, value in self.form.cleaned_data.items():
            if value in (None, "", [], False) or name == SEARCH:
                continue
            found.append(SetFilter(name, f"{self.form.fields[name].label}: {self._words(name)}", self._without(name)))
        return found

    @property
    def is_filtered(self) -> bool:
        return bool(self.search.strip() or self.set_filters)

    @property
    def problems(self) -> list[str]:
        """One sentence for each filter that could not be read and was left out."""
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
    """A list as CSV: its columns, its cells and its event in the audit trail.

    ``cells`` gets the rows one by one as the database sends them. ``counted`` is the name under which the event says
    how many rows there are; a list that is too long to be counted has none, and the event names its filters instead.
    """

    filename: str
    action: str
    columns: Sequence[str]
    cells: Callable[[Iterator[Any]], Iterable[Sequence[Any]]]
    counted: str | None = "rows"


@dataclass(frozen=True)
class Found:
    """The rows that the filters of a URL find, in the order of its sort."""

    filters: django_filters.FilterSet
    sort: str
    rows: QuerySet[Any]


@dataclass(frozen=True)
class Table:
    """A list, declared once for its page and its export.

    ``sorts`` maps a name in ``?sort=`` to fields or expressions; ``?sort=-name`` turns all of them around. A sort that
    is not among them is the default one, a page that is not there is the nearest.
    """

    filters: type[django_filters.FilterSet]
    sorts: Sorts
    default_sort: str
    page_size: int = PAGE_SIZE
    export: Export | None = None

    def find(self, request: HttpRequest, rows: QuerySet[Any]) -> Found:
        """Return all of ``rows`` that the URL asks for, in its order."""
        bound = self.filters(request.GET, queryset=rows, request=request)
        # An empty query string leaves a FilterSet without errors to ask for, so it is always bound to a QueryDict.
        bound.is_bound = True
        sort = request.GET.get("sort", "")
        if sort.removeprefix("-") not in self.sorts or sort.startswith("--"):
            sort = self.default_sort
        order = _order(rows.model, self.sorts[sort.removeprefix("-")], sort.startswith("-"))
        return Found(bound, sort, bound.qs.order_by(*order))

    def listing(self, request: HttpRequest, rows: QuerySet[Any]) -> Listing:
        """Return the page of ``rows`` that the URL asks for: two queries and what the caller prefetches."""
        found = self.find(request, rows)
        page = Paginator(found.rows, self.page_size).get_page(request.GET.get("page"))
        return Listing(page=page, filters=found.filters, sort=found.sort, query=request.GET)

    def csv(
        self, request: HttpRequest, rows: QuerySet[Any], *, target: Model | None = None, **names: object
    ) -> StreamingHttpResponse:
        """Record the export and return its file; ``names`` fill the places of the file's name."""
        if self.export is None:
            raise TypeError("this table has no export")
        export, found = self.export, self.find(request, rows)
        details = (
            {export.counted: found.rows.count()}
            if export.counted
            else {"filters": sorted(found.filters.form.changed_data)}
        )
        audit.record(actor=person(request), action=export.action, target=target, details=details)
        cells = export.cells(found.rows.iterator(chunk_size=CSV_CHUNK))
        return csv_response(export.filename.format(**names), export.columns, cells)


def _order(model: type[Model], fields: Sequence[str | Combinable], turned: bool) -> list[OrderBy]:
    """The fields as an order in which what is not known comes last, and equal rows keep their places."""
    order = []
    for field in (*fields, "pk"):
        last = True if not isinstance(field, str) or _is_nullable(model, field) else None
        expression = F(field) if isinstance(field, str) else field
        order.append(expression.desc(nulls_last=last) if turned else expression.asc(nulls_last=last))  # type: ignore[attr-defined]
    return order


def _is_nullable(model: type[Model], name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).null)
    except FieldDoesNotExist:  # an annotation, or a field of a related row
        return False


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_response(filename: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Return the rows as a CSV download, sent as they are read.

    A byte order mark tells spreadsheets that it is UTF-8, and no cell can start a formula.
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
