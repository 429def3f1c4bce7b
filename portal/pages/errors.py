"""Error pages: what is wrong and what to do next. Clients of the API get the same as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.translation import gettext as _

from portal.accounts.adapters import home
from portal.models import User
from rollout.services.vault import VaultError

API_PATH = "/api/"
CODES = {
    400: "bad_request", 401: "not_signed_in", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed",
    413: "too_large", 422: "refused", 429: "too_many_requests", 503: "unavailable",
}  # fmt: skip


def json_error(status: int, message: str, fields: dict[str, list[str]] | None = None) -> JsonResponse:
    """Return an error of the API. ``fields`` maps field names to messages."""
    error = {"code": CODES.get(status, "error"), "message": message, "fields": fields or {}}
    return JsonResponse({"error": error}, status=status)


def is_api(request: HttpRequest) -> bool:
    """Return whether the client expects JSON."""
    return request.path_info.startswith(API_PATH)


def _page(request: HttpRequest, template: str, status: int, message: str, reason: str = "") -> HttpResponse:
    """Render inside the navigation for signed-in people, without it for all others. ``message``: for the API."""
    if is_api(request):
        return json_error(status, message)
    user = getattr(request, "user", None)
    known = user if isinstance(user, User) else None  # SimpleLazyObject passes isinstance checks of the wrapped class
    context = {
        "frame": "base.html" if known else "base_phone.html",
        "home": home(known) if known else "/",
        "reason": reason,
    }
    return render(request, template, context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for a malformed request, or for a form that Django refused while reading it."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if is_api(request):
        return json_error(400, _("The request is malformed."))
    # The page is rendered without the request, which may be what is malformed.
    return HttpResponse(get_template("400.html").render(), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for a denied request, with the reason if the exception has one."""
    reason = str(exception)
    return _page(request, "403.html", 403, reason or _("You do not have permission to do this."), reason)


def too_many_requests(request: HttpRequest, reason: str) -> HttpResponse:
    """Return the page for a reached rate limit; ``reason`` includes the time of the next attempt."""
    return _page(request, "429.html", 429, reason, reason)


def too_large(request: HttpRequest, limit: int) -> HttpResponse:
    """Return the page for a body of more than ``limit`` bytes."""
    size = f"{limit // (1024 * 1024)} MiB"
    message = _("The request body is larger than %(size)s.") % {"size": size}
    return _page(request, "413.html", 413, message, size)


def method_not_allowed(request: HttpRequest, allowed: Sequence[str]) -> HttpResponse:
    """Return the page that names the refused method; endpoints for software use Django's empty 405 instead."""
    message = _("This address does not accept %(method)s requests.") % {"method": request.method}
    response = _page(request, "405.html", 405, message, request.method or "")
    response["Allow"] = ", ".join(allowed)
    return response


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for an unknown URL, or for a row that the person may not see."""
    return _page(request, "404.html", 404, _("Not found, or you do not have access."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Return a page without any context: users, sessions or the database may be what failed.

    When a server that Gatepass needs does not respond, the page names it and the status is 503 with Retry-After.
    """
    missing = _unavailable_component(sys.exc_info()[1])
    status = 503 if missing else 500
    if is_api(request):
        response: HttpResponse = json_error(status, missing or _("Gatepass could not complete the request."))
    else:
        page = get_template("503.html").render({"missing": missing}) if missing else get_template("500.html").render()
        response = HttpResponse(page, status=status)
    if missing:
        response["Retry-After"] = "30"
    return response


def _unavailable_component(error: BaseException | None) -> str:
    """Return a sentence that names the unavailable server or missing key behind an error; empty for other errors."""
    if isinstance(error, OperationalError | InterfaceError):
        state = getattr(error.__cause__, "sqlstate", None)
        if state is None or state.startswith(("08", "53", "57P")):  # connection, resources, shut down
            return _("The database does not respond.")
    if isinstance(error, VaultError):
        return _("A key of this server is missing, so encrypted data cannot be read. The server log names the setting.")
    return ""
