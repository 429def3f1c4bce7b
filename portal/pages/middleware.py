"""Shows times in the reader's zone, and keeps the virtual phone's browser to what it is for."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_structlog.middlewares import RequestMiddleware

from oauth_provider.endpoints.machine_view import FAILURE_KEY
from portal.accounts.sign_in_links import REHEARSAL_SESSION_KEY
from portal.logs import request_context

# Read once: listing the zones walks the whole time zone database.
_known_zones = functools.cache(zoneinfo.available_timezones)


class RequestLogMiddleware(RequestMiddleware):
    """Logs the address that ``ProxyMiddleware`` vouches for; the library's own guess believes any header."""

    def prepare(self, request: HttpRequest) -> None:
        """Bind the context and write the first line, unless the fast path did."""
        if FAILURE_KEY in request.META:
            structlog.contextvars.bind_contextvars(**request_context(request.META))
        else:
            super().prepare(request)

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        structlog.contextvars.bind_contextvars(ip=request.META.get("REMOTE_ADDR", ""))


class ReaderTimeZoneMiddleware:
    """Activates the zone that the page's script left in the ``time_zone`` cookie; an unknown one is ignored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get("time_zone", "")
        zone = zoneinfo.ZoneInfo(name) if name in _known_zones() else None
        with timezone.override(zone):
            return self.get_response(request)


class CleanRequestMiddleware:
    """Removes what a server may let through and code behind this cannot take.

    A null character in a cookie (a quoted value can spell one) or in the User-Agent, which no database takes, and a
    Content-Length that is no number, which Django reads as 0.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any("\x00" in value for value in request.COOKIES.values()):
            request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\x00" not in value}
        if "\x00" in request.META.get("HTTP_USER_AGENT", ""):
            request.META["HTTP_USER_AGENT"] = request.META["HTTP_USER_AGENT"].replace("\x00", "")
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        if not (length.isascii() and length.isdigit()):
            request.META["CONTENT_LENGTH"] = "0"
        return self.get_response(request)


class PrivatePagesMiddleware:
    """Keeps what a signed-in person sees out of shared caches, and their account pages (secrets) out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and "Cache-Control" not in response:
            is_account = request.path_info.startswith("/accounts/")
            response["Cache-Control"] = "private, no-store" if is_account else "private, no-cache"
        return response


class RehearsalSessionMiddleware:
    """Signs the virtual phone's browser in where an app is authorized, and nowhere else.

    The browser acts for an administrator but runs in a worker that talks to strangers: what it holds opens one door.
    """

    OPEN = "provided_authorize"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.session.get(REHEARSAL_SESSION_KEY):
            return
        if request.resolver_match is None or request.resolver_match.view_name != self.OPEN:
            request.user = AnonymousUser()
