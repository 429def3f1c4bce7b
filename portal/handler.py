"""Django's handler, with a shorter way for what software asks of the provider."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django_prometheus.middleware import PrometheusBeforeMiddleware

from .middleware import ProtocolMiddleware
from .proxies import ProxyMiddleware

Answer = Callable[[HttpRequest], HttpResponse]


class _OtherwiseError(Exception):
    """The address is not for the short way after all."""


class Handler(WSGIHandler):
    """Answers the protocol's addresses as the first four of ``MIDDLEWARE`` do, without what Django does around them.

    They are counted, get the visitor's address, the answer and the headers of security; there are no signals, and the
    headers are one constant. What has to go to HTTPS first, what is mounted below a path and a site that does not
    exist take the long way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.row: Answer = PrometheusBeforeMiddleware(ProxyMiddleware(_answer))
        self.headers = {secure: _security_headers(secure) | ProtocolMiddleware.HEADERS for secure in (False, True)}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:  # type: ignore[override]
        if environ.get("SCRIPT_NAME") or not ProtocolMiddleware.PATHS.fullmatch(environ.get("PATH_INFO", "")):
            return super().__call__(environ, start_response)
        request = WSGIRequest(environ.copy())
        secure = request.is_secure()
        if settings.SECURE_SSL_REDIRECT and not secure:
            return super().__call__(environ, start_response)
        close_old_connections()
        try:
            response = self.row(request)
        except _OtherwiseError:
            environ["wsgi.input"] = io.BytesIO(request.body)
            return super().__call__(environ, start_response)
        except Exception as error:
            response = response_for_exception(request, error)
        body = response.content
        headers = {**self.headers[secure], **dict(response.items()), "Content-Length": str(len(body))}
        start_response(f"{response.status_code} {response.reason_phrase}", list(headers.items()))
        return [body]


def _answer(request: HttpRequest) -> HttpResponse:
    response = ProtocolMiddleware.answer(request)
    if response is None:
        raise _OtherwiseError
    return response


def _security_headers(secure: bool) -> dict[str, str]:
    """What Django's middleware adds to every answer, asked of it once."""
    environ = {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "https" if secure else "http"}
    if secure and settings.SECURE_PROXY_SSL_HEADER:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        environ[name] = value
    added = SecurityMiddleware(lambda _request: HttpResponse()).process_response(WSGIRequest(environ), HttpResponse())
    return {name: value for name, value in added.items() if name != "Content-Type"}
