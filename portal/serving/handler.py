"""Django's WSGI handler with a fast path for machine endpoints: token, revoke, introspect and ``info/login``.

A phone refreshes every hour and a proxy introspects every request. The full middleware stack takes several times
longer than such a response (docs/decisions/0008-fast-path.md). The fast path calls the same ``MachineView`` with
the WSGI environment and adds the headers, metrics and log lines of the stack. A request that needs anything else takes
the full stack, and so does every exception: the view raises it again there (``FAILURE_KEY``).
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.http.request import split_domain_port, validate_host
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import Resolver404, resolve
from django_permissions_policy import PermissionsPolicyMiddleware

from oauth_provider.endpoints.machine_view import FAILURE_KEY, MACHINE_HEADERS, MachineView, Meta
from portal.accounts.proxies import set_client_address
from portal.pages.body_limits import UPLOAD_LIMITS
from rollout.client_address import request_from

from .request_records import RequestRecord

DISCARDED_BYTES = max(UPLOAD_LIMITS.values())  # the proxy passes no larger body on
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Handler(WSGIHandler):
    """Runs a ``MachineView`` ahead of the middleware stack if the stack would only pass the request on."""

    def __init__(self) -> None:
        super().__init__()
        self.headers = {secure: _stack_headers(secure) | MACHINE_HEADERS for secure in (False, True)}
        self.hosts, self.redirects_to_https = tuple(settings.ALLOWED_HOSTS), settings.SECURE_SSL_REDIRECT
        self.https_header = settings.SECURE_PROXY_SSL_HEADER

    def __call__(self, environ: Meta, start_response: Callable[..., Any]) -> Iterable[bytes]:  # type: ignore[override]
        response = self.fast_answer(environ)
        if response is None:
            answer: Iterable[bytes] = super().__call__(environ, start_response)
        else:
            status, headers, body = response
            start_response(_STATUS_LINES[status], list(headers.items()))
            answer = [body]
        # Only behind a proxy, which sends the whole body at once: a slow client would occupy the thread.
        if self.https_header and environ.get("CONTENT_LENGTH", "0") != "0":
            _discard_rest(environ)
        return answer

    def fast_answer(self, environ: Meta) -> tuple[int, dict[str, str], bytes] | None:
        """Return status, headers and body, or None if ``environ`` has to take the full stack."""
        route = _machine_route(environ.get("PATH_INFO", ""))
        if route is None:
            return None
        secure = self._is_secure(environ)
        if (self.redirects_to_https and not secure) or not self._needs_only_the_view(environ):
            return None
        meta = environ.copy()
        set_client_address(meta)
        record = RequestRecord(meta, route.name, secure=secure)
        connection.close_if_unusable_or_obsolete()
        try:
            with request_from(meta.get("REMOTE_ADDR", "")):
                answer = route.view.answer(meta, functools.partial(_read, environ), **route.captured)
        except Exception as error:
            environ[FAILURE_KEY] = error
            record.hand_over(environ)
            return None
        record.finish(answer)
        headers = {**self.headers[secure], **answer.headers, "Content-Length": str(len(answer.body))}
        return answer.status, headers, answer.body

    def _needs_only_the_view(self, environ: Meta) -> bool:
        """Whether the stack would pass the request on: our host, no cookie, root path, nothing to clean."""
        if environ.get("SCRIPT_NAME") or environ.get("HTTP_COOKIE") or "\x00" in environ.get("HTTP_USER_AGENT", ""):
            return False
        length = environ.get("CONTENT_LENGTH") or "0"
        return length.isascii() and length.isdigit() and _is_allowed(environ.get("HTTP_HOST", ""), self.hosts)

    def _is_secure(self, environ: Meta) -> bool:
        """As ``HttpRequest.is_secure``."""
        if self.https_header:
            name, value = self.https_header
            if name in environ:
                return bool(environ[name].partition(",")[0].strip() == value)
        return bool(environ["wsgi.url_scheme"] == "https")


class _Route(NamedTuple):
    view: MachineView
    captured: Mapping[str, Any]
    name: str


def _machine_route(path: str) -> _Route | None:
    return _resolved(path) if "/rest/" in path else None


@functools.lru_cache(maxsize=1024)
def _resolved(path: str) -> _Route | None:
    """Return the route of a ``MachineView``, None for every other path."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return _Route(match.func, match.kwargs, match.view_name) if isinstance(match.func, MachineView) else None


def _discard_rest(environ: Meta) -> None:
    """Read what a view left of the body: a proxy that cannot send all of it returns 502 instead of our response."""
    rest = DISCARDED_BYTES
    while rest > 0 and (chunk := environ["wsgi.input"].read(65_536)):
        rest -= len(chunk)


def _read(environ: Meta) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)  # the full stack may have to read it again
    return body


@functools.lru_cache(maxsize=256)
def _is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def _stack_headers(secure: bool) -> dict[str, str]:
    """Return the headers that the middleware stack adds to such a response, taken from the middleware itself."""
    environ = {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "https" if secure else "http"}
    if secure and settings.SECURE_PROXY_SSL_HEADER:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        environ[name] = value

    request: Any = WSGIRequest(environ)
    # As LocaleMiddleware sets it, and SessionMiddleware after LoginRequiredMiddleware has checked for a user.
    response: Any = HttpResponse(headers={"Vary": "Accept-Language, Cookie"})
    for middleware in (XFrameOptionsMiddleware, SecurityMiddleware):
        response = middleware(_no_view).process_response(request, response)
    response = PermissionsPolicyMiddleware(lambda _request: response)(request)
    return {name: value for name, value in response.items() if name != "Content-Type"}


def _no_view(_request: Any) -> HttpResponse:
    raise AssertionError("only what the middleware adds to a response is wanted")
