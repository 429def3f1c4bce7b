"""The audit log: its events as sentences, the integrity check and the CSV export."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.accounts.access import dashboard, person
from portal.forms.audit import EVENTS, events_table
from portal.models import User
from portal.pages.actions import form_view, page_view
from portal.pages.listing import Listing
from portal.presenters.audit import actor_of, detail_label, details_of, icon_of, marked_sentence, target_of
from rollout.models import AuditEvent, AuditHead
from rollout.services.audit_verification import ChainReport, verify_log

ROWS = 50
MAX_VERIFIED = 200_000  # events that fit into one request; the verify_audit command has no limit


@dashboard
@form_view
def activity(request: HttpRequest) -> HttpResponse:
    """Show the newest events. Paged by event number, because counting millions of rows is slow."""
    user = person(request)
    context: dict[str, Any] = {"report": _verify(user)} if request.method == "POST" else {}
    result = EVENTS.find(request, AuditEvent.objects.visible_to(user).with_names())
    empty_page: Any = Paginator([], 1).page(1)  # the rows are paged by number below
    events, older, newer = _page(result.rows, request.GET.get("before", ""), request.GET.get("after", ""))
    context |= {
        "listing": Listing(page=empty_page, filters=result.filters, sort=result.sort, query=request.GET),
        "events": [
            {
                "row": row,
                "icon": icon_of(row),
                "sentence": marked_sentence(row, user),
                "actor": actor_of(row),
                "target": target_of(row),
                "details": _details(row),
                "address": row.address if user.reads_all_sites else "",
            }
            for row in events
        ],
        "older": older,
        "newer": newer,
        "may_verify": user.reads_all_sites,
        "head": AuditHead.objects.filter(pk=1).first(),
        "max_verified": MAX_VERIFIED,
    }
    return render(request, "activity/activity.html", context)


def _details(row: AuditEvent) -> list[tuple[str, str]]:
    return [(detail_label(name), value) for name, value in details_of(row)]


def _page(rows: QuerySet[AuditEvent], before: str, after: str) -> tuple[list[AuditEvent], int | None, int | None]:
    """Return a page of events, newest first, and the numbers that the older and the newer page start from, or None."""
    if (number := _number(after)) is not None:
        page = list(rows.filter(number__gt=number).order_by("number")[: ROWS + 1])
        more, page = len(page) > ROWS, page[:ROWS][::-1]
        return page, page[-1].number if page else None, page[0].number if more else None
    number = _number(before)
    if number is not None:
        rows = rows.filter(number__lt=number)
    page = list(rows.order_by("-number")[: ROWS + 1])
    more, page = len(page) > ROWS, page[:ROWS]
    return page, page[-1].number if more else None, page[0].number if page and number is not None else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _verify(user: User) -> ChainReport | None:
    """Verify the log. Returns None if it has too many events for one request. Raises PermissionDenied."""
    if not user.reads_all_sites:
        raise PermissionDenied(_("Only administrators and auditors can verify the audit log."))
    return verify_log(actor=user, max_events=MAX_VERIFIED)


@dashboard
@page_view
def export_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Export the filtered events as CSV, with their hashes."""
    user = person(request)
    return events_table(user).csv(request, AuditEvent.objects.visible_to(user).with_names())
