"""The JSON API: one router per resource, using the same services as the views. See docs/api.md.

All errors have the form ``{"error": {"code", "message", "fields"}}``. Unauthenticated requests get 401, not a redirect.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ServiceError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from portal.pages.errors import json_error, method_not_allowed

from . import check_runs, configurations, sites
from .auth import credentials
from .reference import Reference

DESCRIPTION = (
    "Manage sites, run checks and export the app configuration. Authenticate with a service token or a personal token "
    "(scope read or write) or an OAuth 2.0 access token issued by Gatepass (scope READ or WRITE) in the header "
    "Authorization: Bearer, or with a browser session (send the CSRF token with POST and PATCH requests)."
)


def _json_405(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return the view with django-ninja's text response to a wrong method replaced by an error of the API."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseNotAllowed):
            return method_not_allowed(request, sorted(response["Allow"].split(", ")))
        return response

    return answer


class Api(NinjaAPI):
    """Exempts operations from LoginRequiredMiddleware, which would redirect to the login page instead of 401."""

    def _get_urls(self) -> list[Any]:
        patterns = super()._get_urls()
        for pattern in patterns:
            operation: Any = pattern.callback
            view: Any = _json_405(operation)
            pattern.callback = view
            if getattr(pattern, "name", "") != "openapi-view":  # the reference page requires a sign-in like all pages
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


def failure(status: int, message: str, fields: dict[str, list[str]] | None = None) -> HttpResponse:
    """Return an error response. ``fields`` maps field names to messages."""
    response = json_error(status, message, fields)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Gatepass"'
    return response


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    messages = {
        400: _("The request body is not valid JSON."),
        401: _("Authentication required. Send a valid token of Gatepass, or sign in."),
    }
    return failure(error.status_code, messages.get(error.status_code, str(error)))


@api.exception_handler(Http404)
def on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return failure(404, _("Not found, or you do not have access."))


@api.exception_handler(PermissionDenied)
def on_permission_denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return failure(403, str(error) or _("You do not have permission to do this."))


@api.exception_handler(ServiceError)
def on_service_error(request: HttpRequest, error: ServiceError) -> HttpResponse:
    """Return a service's ValidationError as 422 with its fields."""
    fields = dict(error.message_dict) if hasattr(error, "error_dict") else {}
    general = fields.pop("__all__", [] if fields else error.messages)
    return failure(422, " ".join(general) or _("Some values are invalid. See fields."), fields)


@api.exception_handler(ValidationError)
def on_schema_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Return schema errors as 422 with the path of each invalid value."""
    fields: dict[str, list[str]] = {}
    for item in error.errors:
        path = [str(part) for part in item["loc"][1:] if part not in {"payload", "filters"}]
        fields.setdefault(".".join(path), []).append(str(item["msg"]))
    return failure(422, _("Some values are invalid. See fields."), fields)
