"""Error pages: what is wrong and what to do next."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.translation import gettext as _

from portal.accounts.adapters import home
from portal.models import User
from rollout.services.vault import VaultError


def _page(request: HttpRequest, template: str, status: int, reason: str = "") -> HttpResponse:
    """Render inside the navigation for signed-in people, without it for all others."""
    user = getattr(request, "user", None)
    known = user if isinstance(user, User) else None  # SimpleLazyObject passes isinstance checks of the wrapped class
    context = {
        "frame": "base.html" if known else "base_phone.html",
        "home": home(known) if known else "/",
        "reason": reason,
    }
    return render(request, template, context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for a malformed request."""
    # The Host header may be what is invalid, so the page is rendered without the request.
    return HttpResponse(get_template("400.html").render(), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for a denied request, with the reason if the exception has one."""
    return _page(request, "403.html", 403, reason=str(exception))


def too_many_requests(request: HttpRequest, reason: str) -> HttpResponse:
    """Return the page for a reached rate limit; ``reason`` includes the time of the next attempt."""
    return _page(request, "429.html", 429, reason=reason)


def method_not_allowed(request: HttpRequest, allowed: Sequence[str]) -> HttpResponse:
    """Return the page that names the refused method; endpoints for software use Django's empty 405 instead."""
    response = _page(request, "405.html", 405, reason=request.method or "")
    response["Allow"] = ", ".join(allowed)
    return response


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for an unknown URL, or for a row that the person may not see."""
    return _page(request, "404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return a page without any context: users, sessions or the database may be what failed.

    When a server that Gatepass needs does not respond, the page names it and the status is 503 with Retry-After.
    """
    if missing := _unavailable_component(sys.exc_info()[1]):
        page = get_template("503.html").render({"missing": missing})
        return HttpResponse(page, status=503, headers={"Retry-After": "30"})
    return HttpResponse(get_template("500.html").render(), status=500)


def _unavailable_component(error: BaseException | None) -> str:
    """Return a sentence that names the unavailable server or missing key behind an error; empty for other errors."""
    if isinstance(error, OperationalError | InterfaceError):
        state = getattr(error.__cause__, "sqlstate", None)
        if state is None or state.startswith(("08", "53", "57P")):  # connection, resources, shut down
            return _("The database does not respond.")
    if isinstance(error, VaultError):
        return _("A key of this server is missing, so encrypted data cannot be read. The server log names the setting.")
    return ""
