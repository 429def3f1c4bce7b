"""What people see when a page cannot be shown: what is wrong, and what to do next."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from portal.accounts.adapters import home
from portal.models import User
from rollout.services.vault import VaultError


def _page(request: HttpRequest, template: str, status: int, reason: str = "") -> HttpResponse:
    """Render inside the navigation for people who are signed in, alone for everybody else."""
    user = getattr(request, "user", None)
    known = user if isinstance(user, User) else None  # a lazy user answers for its class
    context = {
        "frame": "base.html" if known else "base_phone.html",
        "home": home(known) if known else "/",
        "reason": reason,
    }
    return render(request, template, context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(get_template("400.html").render(), status=400)  # the host itself may be what is wrong


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say why, when the refusal does."""
    return _page(request, "403.html", 403, reason=str(exception))


def too_many_requests(request: HttpRequest, reason: str) -> HttpResponse:
    return _page(request, "429.html", 429, reason=reason)


def method_not_allowed(request: HttpRequest, allowed: Sequence[str]) -> HttpResponse:
    """Say which method was refused; only a page of ours answers with it, software gets Django's empty 405."""
    response = _page(request, "405.html", 405, reason=request.method or "")
    response["Allow"] = ", ".join(allowed)
    return response


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Nothing but a file: whatever broke may also have broken users, sessions and the database.

    When it is a server of ours that does not answer, the page names it, and says 503: it comes back by itself.
    """
    if missing := _does_not_answer(sys.exc_info()[1]):
        page = get_template("503.html").render({"missing": missing})
        return HttpResponse(page, status=503, headers={"Retry-After": "30"})
    return HttpResponse(get_template("500.html").render(), status=500)


def _does_not_answer(error: BaseException | None) -> str:
    """What of ours an error is about that its operator has to bring back, in words; empty when it is about none."""
    if isinstance(error, RedisError):
        return _("Redis does not respond. Sign-in is paused, because its rate limits are stored there.")
    if isinstance(error, OperationalError | InterfaceError):
        state = getattr(error.__cause__, "sqlstate", None)
        if state is None or state.startswith(("08", "53", "57P")):  # connection, resources, shut down
            return _("The database does not respond.")
    if isinstance(error, VaultError):
        return _("A key of this server is missing, so encrypted data cannot be read. The server log names the setting.")
    return ""
