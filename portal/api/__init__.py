"""The JSON API, one router a resource; it calls the same services as the views. docs/api.md describes it.

Every error is ``{"error": {"code", "message", "fields"}}``. Without a sign-in the answer is 401, never a login page.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as Refusal
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from . import check_runs, configurations, sites
from .auth import credentials
from .reference import Reference

DESCRIPTION = (
    "What the pages of Gatepass do, for programs. Sign in with a browser session (unsafe methods need the CSRF token) "
    "or with an OAuth 2.0 access token of Gatepass itself: scope READ reads, scope WRITE reads and writes."
)
CODES = {400: "bad_request", 401: "not_signed_in", 403: "not_allowed", 404: "not_found", 422: "refused"}


class Api(NinjaAPI):
    """Answers strangers itself: LoginRequiredMiddleware would send them to a login page."""

    def _get_urls(self) -> list[Any]:
        patterns = super()._get_urls()
        for pattern in patterns:
            view: Any = pattern.callback
            if getattr(pattern, "name", "") != "openapi-view":  # the page for people is behind the sign-in as any
                view.login_required = False
        return patterns


api = Api(
    title="Gatepass",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    auth=credentials,
    docs=Reference(),
)
api.add_router("/sites", sites.router)
api.add_router("/check-runs", check_runs.router)
api.add_router("/configurations", configurations.router)


def failure(
    request: HttpRequest, status: int, message: str, fields: dict[str, list[str]] | None = None
) -> HttpResponse:
    """One shape for everything that goes wrong."""
    body = {"error": {"code": CODES.get(status, "error"), "message": message, "fields": fields or {}}}
    response = api.create_response(request, body, status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Gatepass"'
    return response


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    messages = {
        400: _("The body is not the JSON this address takes."),
        401: _("Sign in, or send an access token of Gatepass with the right scope."),
    }
    return failure(request, error.status_code, messages.get(error.status_code, str(error)))


@api.exception_handler(Http404)
def on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return failure(request, 404, _("There is nothing here, or it is not yours to see."))


@api.exception_handler(PermissionDenied)
def on_permission_denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return failure(request, 403, str(error) or _("You are not allowed to do this."))


@api.exception_handler(Refusal)
def on_refusal(request: HttpRequest, error: Refusal) -> HttpResponse:
    """What a service refused: 422 with the fields it named."""
    fields = dict(error.message_dict) if hasattr(error, "error_dict") else {}
    general = fields.pop("__all__", [] if fields else error.messages)
    return failure(request, 422, " ".join(general) or _("Some values were refused."), fields)


@api.exception_handler(ValidationError)
def on_malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What does not fit the schema: 422 with the path of each value."""
    fields: dict[str, list[str]] = {}
    for fault in error.errors:
        path = [str(part) for part in fault["loc"][1:] if part not in {"payload", "filters"}]
        fields.setdefault(".".join(path), []).append(str(fault["msg"]))
    return failure(request, 422, _("Some values were refused."), fields)
