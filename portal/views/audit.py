"""Activity: the audit trail in sentences, as far as the reader may see it; its chain; its export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import dashboard, person
from portal.forms.audit import AuditFilters
from portal.models import User
from portal.pages.listing import CSV_CHUNK, Listing, csv_response, filtered
from portal.presenters.audit import details_of, icon_of, marked_sentence, sentence_of
from rollout.models import AuditEvent, AuditHead
from rollout.services import audit
from rollout.services.audit_verification import ChainReport, verify_trail

ROWS = 50
SORTS = {"number": ("number",)}
COLUMNS = ("number", "at", "actor", "action", "sentence", "target_type", "target_id", "target", "details", "hash")
MOST_VERIFIED = 200_000  # events that a page can walk within a request; the command walks any number


@require_http_methods(["GET", "HEAD", "POST"])
@dashboard
def activity(request: HttpRequest) -> HttpResponse:
    """The newest events. Paged by number, so that a trail of millions is never counted."""
    user = person(request)
    context: dict[str, Any] = {"report": _verify(user)} if request.method == "POST" else {}
    listing, rows = _events(request, user)
    found, older, newer = _page(rows, request.GET.get("before", ""), request.GET.get("after", ""))
    context |= {
        "listing": listing,
        "events": [
            {"row": row, "icon": icon_of(row), "sentence": marked_sentence(row, user), "details": details_of(row)}
            for row in found
        ],
        "older": older,
        "newer": newer,
        "may_verify": user.reads_all_sites,
        "head": AuditHead.objects.filter(pk=1).first(),
        "most_verified": MOST_VERIFIED,
    }
    return render(request, "activity/activity.html", context)


def _events(request: HttpRequest, user: User) -> tuple[Listing, QuerySet[AuditEvent]]:
    visible = AuditEvent.objects.visible_to(user)
    bound, sort, rows = filtered(request, visible, filters=AuditFilters, sorts=SORTS, default_sort="-number")
    nothing: Any = Paginator([], 1).page(1)  # a page is cut by number below
    return Listing(page=nothing, filters=bound, sort=sort, query=request.GET), rows


def _page(rows: QuerySet[AuditEvent], before: str, after: str) -> tuple[list[AuditEvent], int | None, int | None]:
    """The events beside a number, newest first, and the numbers to go on from: older and newer ones, or None."""
    if (number := _number(after)) is not None:
        found = list(rows.filter(number__gt=number).order_by("number")[: ROWS + 1])
        more, found = len(found) > ROWS, found[:ROWS][::-1]
        return found, found[-1].number if found else None, found[0].number if more else None
    number = _number(before)
    if number is not None:
        rows = rows.filter(number__lt=number)
    found = list(rows.order_by("-number")[: ROWS + 1])
    more, found = len(found) > ROWS, found[:ROWS]
    return found, found[-1].number if more else None, found[0].number if found and number is not None else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _verify(user: User) -> ChainReport | None:
    """Verify the chain for people who read all of it; None when it is too long for a page."""
    if not user.reads_all_sites:
        raise PermissionDenied(_("Administrators and auditors verify the chain. Ask one of them."))
    return verify_trail(actor=user, longest=MOST_VERIFIED)


@require_safe
@dashboard
def export_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same events as CSV, with their hashes."""
    user = person(request)
    listing, rows = _events(request, user)
    audit.record(actor=user, action="activity.exported", details={"filters": sorted(listing.filters.form.changed_data)})
    return csv_response("activity.csv", COLUMNS, _cells(rows))


def _cells(rows: QuerySet[AuditEvent]) -> Iterator[list[Any]]:
    for row in rows.iterator(chunk_size=CSV_CHUNK):
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
