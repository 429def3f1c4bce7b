"""Sign-in tests (rehearsals): start one, and show its steps."""

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

# What to do about a failed step. A stopped step explains itself.
NEXT_STEPS = {
    "parse-site-list": gettext_lazy(
        "The app could not display this list. Check the application link and the settings of the site."
    ),
    "info-login": gettext_lazy(
        "Open the findings of the latest check: they show which server responds instead of the site."
    ),
    "authorize": gettext_lazy(
        "Compare the client ID, redirect URL and permission of the application link in Confluence with the values in "
        "Gatepass."
    ),
    "token": gettext_lazy(
        "Usually the OAuth plugin is too old, or the application link was created again. Check both in Confluence."
    ),
    "refresh": gettext_lazy(
        "People would have to sign in again as soon as their access token expires. Check the version of the OAuth "
        "plugin."
    ),
    "revoke": gettext_lazy(
        "Phones can sign in, but sign-out does not revoke their tokens. Check the version of the OAuth plugin."
    ),
    "refresh-after-revoke": gettext_lazy(
        "People would not be able to sign out a lost phone. Check the version of the OAuth plugin."
    ),
}
STOPPED_NEXT = gettext_lazy("Continue with a real phone: issue a pass to yourself and sign in with it.")
RETRY = gettext_lazy("Fix this step, then test again.")


@dashboard
@action("site", "pk")
def rehearse(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a rehearsal of the site, and redirect to it or to the one that is running."""
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
    """Show a rehearsal with its steps."""
    return render(request, "rehearsals/rehearsal.html", _context(request, pk))


@never_cache
@dashboard
@page_view
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that is polled until the rehearsal is finished."""
    return render(request, "rehearsals/_transcript.html", _context(request, pk))


def _context(request: HttpRequest, pk: int) -> dict[str, Any]:
    row = visible_row(request, Rehearsal.objects.select_related("site", "requested_by"), pk)
    steps = [_step(step) for step in row.steps if isinstance(step, dict)]
    stop = next((step for step in steps if step.get("outcome") in {"failed", "stopped"}), None)
    return {
        "row": row,
        "steps": steps,
        "stop": stop,
        "next_step": _next_step(stop) if stop else "",
        "may_change": may_change(person(request), row.site) and row.site.archived_at is None,
    }


def _next_step(stop: dict[str, Any]) -> str:
    return str(STOPPED_NEXT if stop["outcome"] == "stopped" else NEXT_STEPS.get(str(stop.get("id")), RETRY))


def _step(step: dict[str, Any]) -> dict[str, Any]:
    """Return the stored step with its icon, its tone, and its message id (older rows: only the text)."""
    tone, icon = MARKS.get(str(step.get("outcome")), ("idle", "idle"))
    return {**step, "tone": tone, "icon": icon, "text": step.get("message") or step.get("detail", "")}
