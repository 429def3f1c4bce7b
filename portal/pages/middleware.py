"""Middleware of the portal: host, request log, time zone, request cleaning, caching, and sessions of sign-in tests."""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.http.request import split_domain_port
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.log import log_response
from django_structlog.middlewares import RequestMiddleware

from oauth_provider.endpoints.machine_view import FAILURE_KEY
from portal.accounts import next_pages
from portal.accounts.sign_in_links import REHEARSAL_SESSION_KEY
from portal.logs import request_context

from .errors import is_api, json_error

# Read once: listing the zones walks the whole time zone database.
_known_zones = functools.cache(zoneinfo.available_timezones)
_MACHINE_PATH = re.compile(r"/api/|/(healthz|readyz|metrics)$|.*/rest/")


class HostMiddleware:
    """Refuse unknown hosts, and build absolute URLs from ``PUBLIC_URL`` alone.

    Scanners send any Host, so that is one line in the log and a short response. A known host with any port passes, and
    without this class a link in an e-mail would contain that port. A trial responds to every name of this machine, but
    cookies and passkeys belong to one, so pages lead to that of ``PUBLIC_URL``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            return self.refuse(request)
        if page := page_under_public_name(request):
            return HttpResponseRedirect(page)
        # What build_absolute_uri() puts before a path; a method of this name here would be a cycle of references.
        request._current_scheme_host = settings.PUBLIC_URL  # type: ignore[attr-defined]
        return self.get_response(request)

    @staticmethod
    def refuse(request: HttpRequest) -> HttpResponse:
        text = "Gatepass does not respond to this host name."
        response: HttpResponse = HttpResponse(f"{text}\n", status=400, content_type="text/plain; charset=utf-8")
        if is_api(request):
            response = json_error(400, text)
        host = request.META.get("HTTP_HOST", "")[:100]
        log_response(
            "Refused host %s from %s: not in ALLOWED_HOSTS",
            host, request.META.get("REMOTE_ADDR", ""),
            response=response, request=request, level="warning",
        )  # fmt: skip
        return response


def page_under_public_name(request: HttpRequest) -> str:
    """Return the address to redirect a page request to that was sent to another name of this machine, else ``""``.

    The port stays, because it may be that of a tunnel.
    """
    name, port = split_domain_port(request.get_host())
    public_name, _port = split_domain_port(urlsplit(settings.PUBLIC_URL).netloc)
    if name == public_name or not {name, public_name} <= set(settings.LOOPBACK_HOSTS):
        return ""
    is_page = request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("Accept", "")
    if not is_page or _MACHINE_PATH.match(request.path_info):
        return ""
    return f"{request.scheme}://{public_name}{port and ':' + port}{request.get_full_path()}"


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Redirect to the sign-in page; without ``next`` if the URL is too long to repeat in a header."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        if next_pages.page_to_return_to(request):
            return super().handle_no_permission(request, view_func)
        return HttpResponseRedirect(resolve_url(self.get_login_url(view_func)))


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
    and a Content-Length that is not a number, which Django reads as 0. Health checks lose all cookies: with a session,
    other middleware would read it from the database, which may be what is down.
    """

    HEALTH_PATHS = ("/healthz", "/readyz")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in self.HEALTH_PATHS:
            request.COOKIES = {}
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
