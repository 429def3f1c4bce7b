"""How large the body of a request may be, checked by its length before any of it is read.

``deploy/nginx.conf.template`` has the same limits, so that nginx does not take in what would be refused here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from oauth_provider.endpoints.machine_view import MachineView
from portal.models import User
from rollout.formats import app_inventory

from .errors import too_large

MIB = 1024 * 1024
ANONYMOUS_LIMIT = MIB  # bytes; people without a session, and clients of the API with an access token
# Bytes by route, for administrators: the file, and the form around it.
UPLOAD_LIMITS = {"inventory_import": app_inventory.MAX_BYTES + MIB}


class BodyLimitMiddleware:
    """Return 413 for a body over the limit of the route and the person.

    It comes before CsrfViewMiddleware, the first one to read a form. The endpoints of the OAuth provider check their
    own, smaller limit.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_arguments: Any
    ) -> HttpResponse | None:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length <= ANONYMOUS_LIMIT or isinstance(view, MachineView):
            return None
        limit = body_limit(request)
        return too_large(request, limit) if length > limit else None


def body_limit(request: HttpRequest) -> int:
    """Return the limit of this request in bytes."""
    user, match = request.user, request.resolver_match
    if not isinstance(user, User) or not user.is_authenticated:
        return ANONYMOUS_LIMIT
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return UPLOAD_LIMITS.get(match.view_name, limit) if match and user.is_administrator else limit
