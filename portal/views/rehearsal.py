"""Sign-in tests (in code: rehearsals): run one with the virtual phone, and show its steps."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from portal.accounts.access import changeable_site, dashboard, may_change, person, visible_row
from portal.pages.actions import action, page_view
from rollout.models import Rehearsal
from rollout.services import rehearsals

MARKS = {
    "passed": ("ok", "check"),
    "failed": ("bad", "close"),
    "stopped": ("warn", "flag"),
    "skipped": ("idle", "right"),
}

# What to do about a failed step; a stopped step needs a person, as its own text explains.
NEXT = {
    "parse-site-list": gettext_lazy("Check the site's link and configuration: the app could not display this list."),
    "info-login": gettext_lazy(
        "Open the findings of the latest check: they show which server responds instead of the site."
    ),
    "authorize": gettext_lazy(
        "Compare client ID, redirect URL and permission of the link on the site with the values here."
    ),
    "token": gettext_lazy(
        "A rejected code usually means that the OAuth plugin is too old or the link was created again."
    ),
    "refresh": gettext_lazy("People would be signed out every hour. Check the version of the OAuth plugin."),
    "revoke": gettext_lazy(
        "Phones can sign in, but sign-out does not revoke tokens. Check the version of the OAuth plugin."
    ),
    "refresh-after-revoke": gettext_lazy(
        "A lost phone could not be signed out. Check the version of the OAuth plugin."
    ),
}
STOPPED_NEXT = gettext_lazy("Continue with a real phone: issue a pass for yourself and sign in with it.")
RETRY = gettext_lazy("Fix this step, then test again.")


@dashboard
@action("site", "pk")
def rehearse(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a rehearsal of the site, or redirect to the running one."""
    site = changeable_site(request, pk)
    if site.archived_at:
        messages.error(request, _("This site is archived. Restore it first."))
        return redirect("site", pk=site.pk)
    row = rehearsals.request_rehearsal(actor=person(request), site=site)
    return redirect("rehearsal", pk=row.pk)


@never_cache
@dashboard
@page_view
def rehearsal(request: HttpRequest, pk: int) -> HttpResponse:
    """One rehearsal with its steps."""
    return render(request, "rehearsals/rehearsal.html", _context(request, pk))


@never_cache
@dashboard
@page_view
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes; it stops polling when the rehearsal has finished."""
    return render(request, "rehearsals/_transcript.html", _context(request, pk))


def _context(request: HttpRequest, pk: int) -> dict[str, Any]:
    row = visible_row(request, Rehearsal.objects.select_related("site", "requested_by"), pk)
    steps = [_step(step) for step in row.steps if isinstance(step, dict)]
    stop = next((step for step in steps if step.get("outcome") in {"failed", "stopped"}), None)
    return {
        "row": row,
        "steps": steps,
        "stop": stop,
        "next": _next(stop) if stop else "",
        "may_change": may_change(person(request), row.site) and row.site.archived_at is None,
    }


def _next(stop: dict[str, Any]) -> str:
    return str(STOPPED_NEXT if stop["outcome"] == "stopped" else NEXT.get(str(stop.get("id")), RETRY))


def _step(step: dict[str, Any]) -> dict[str, Any]:
    """Return the stored step with its look, and its text as a message id if it has one."""
    tone, icon = MARKS.get(str(step.get("outcome")), ("idle", "idle"))
    return {**step, "tone": tone, "icon": icon, "words": step.get("message") or step.get("detail", "")}
