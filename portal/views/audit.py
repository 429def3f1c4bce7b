"""Activity: the audit trail in sentences, as far as the reader may see it; its chain; its export."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.accounts.access import dashboard, person
from portal.forms.audit import EVENTS
from portal.models import User
from portal.pages.actions import form_view, page_view
from portal.pages.listing import Listing
from portal.presenters.audit import details_of, icon_of, marked_sentence
from rollout.models import AuditEvent, AuditHead
from rollout.services.audit_verification import ChainReport, verify_trail

ROWS = 50
MOST_VERIFIED = 200_000  # events that a page can walk within a request; the command walks any number


@dashboard
@form_view
def activity(request: HttpRequest) -> HttpResponse:
    """The newest events. Paged by number, so that a trail of millions is never counted."""
    user = person(request)
    context: dict[str, Any] = {"report": _verify(user)} if request.method == "POST" else {}
    found = EVENTS.find(request, AuditEvent.objects.visible_to(user))
    nothing: Any = Paginator([], 1).page(1)  # a page is cut by number below
    shown, older, newer = _page(found.rows, request.GET.get("before", ""), request.GET.get("after", ""))
    context |= {
        "listing": Listing(page=nothing, filters=found.filters, sort=found.sort, query=request.GET),
        "events": [
            {"row": row, "icon": icon_of(row), "sentence": marked_sentence(row, user), "details": details_of(row)}
            for row in shown
        ],
        "older": older,
        "newer": newer,
        "may_verify": user.reads_all_sites,
        "head": AuditHead.objects.filter(pk=1).first(),
        "most_verified": MOST_VERIFIED,
    }
    return render(request, "activity/activity.html", context)


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


@dashboard
@page_view
def export_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same events as CSV, with their hashes."""
    return EVENTS.csv(request, AuditEvent.objects.visible_to(person(request)))
