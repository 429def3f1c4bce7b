"""Middleware of the portal: request log, time zone, request cleaning, caching, and sessions of sign-in tests."""

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
    """Log the client address that ``ProxyMiddleware`` verified; the library's own lookup trusts any header."""

    def prepare(self, request: HttpRequest) -> None:
        """Bind the context and log the start of the request, unless the fast path already did."""
        if FAILURE_KEY in request.META:
            structlog.contextvars.bind_contextvars(**request_context(request.META))
        else:
            super().prepare(request)

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        structlog.contextvars.bind_contextvars(ip=request.META.get("REMOTE_ADDR", ""))


class ReaderTimeZoneMiddleware:
    """Activate the zone in the ``time_zone`` cookie, which a script of the pages sets; ignore an unknown one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get("time_zone", "")
        zone = zoneinfo.ZoneInfo(name) if name in _known_zones() else None
        with timezone.override(zone):
            return self.get_response(request)


class CleanRequestMiddleware:
    """Remove input that a web server may accept but code behind this middleware cannot process.

    That is a null character in a cookie (a quoted value can encode one) or in the User-Agent, which no database stores,
    and a Content-Length that is not a number, which Django reads as 0.
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
    """Keep pages of signed-in people out of shared caches, and their account pages (secrets) out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and "Cache-Control" not in response:
            is_account = request.path_info.startswith("/accounts/")
            response["Cache-Control"] = "private, no-store" if is_account else "private, no-cache"
        return response


class RehearsalSessionMiddleware:
    """Limit the session of a sign-in test to the page that authorizes an app; elsewhere it is anonymous.

    The session belongs to an administrator but is used by a worker that connects to foreign servers. If it leaks, it
    opens one page.
    """

    ALLOWED_VIEW = "provided_authorize"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.session.get(REHEARSAL_SESSION_KEY):
            return
        if request.resolver_match is None or request.resolver_match.view_name != self.ALLOWED_VIEW:
            request.user = AnonymousUser()
