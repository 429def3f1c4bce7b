"""Django's handler, with a shorter way for what software asks of the provider."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable
from http import HTTPStatus
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.http.request import split_domain_port, validate_host
from django.middleware.security import SecurityMiddleware
from django.urls import set_script_prefix
from django_prometheus.middleware import Metrics

from oauth_provider.endpoints.form_endpoint import Answer, Meta
from oauth_provider.limits.attempts import WAIT_KEY, TooManyRequestsError
from portal.accounts import proxies
from portal.provided_sites.views import NOWHERE

from . import consent_shortcut, machine_endpoints

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Handler(WSGIHandler):
    """Answers the protocol's addresses as the first four of ``MIDDLEWARE`` do, without what Django does around them.

    They are counted, get the visitor's address, the answer and the headers of security; there are no signals, and the
    headers are one constant. So does the consent page, for whom ``consent`` lets in. What has to go to HTTPS first,
    another host, what is mounted below a path and a site that does not exist take the long way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.metrics = Metrics.get_instance()
        self.headers = {secure: _security_headers(secure) | machine_endpoints.HEADERS for secure in (False, True)}

    def __call__(self, environ: Meta, start_response: Callable[..., Any]) -> Iterable[bytes]:  # type: ignore[override]
        way = _way(environ.get("PATH_INFO", ""))
        if way is None or environ.get("SCRIPT_NAME") or not _is_ours(environ.get("HTTP_HOST", "")):
            return super().__call__(environ, start_response)
        secure = _is_secure(environ)
        if settings.SECURE_SSL_REDIRECT and not secure:
            return super().__call__(environ, start_response)
        begun = perf_counter()
        connection.close_if_unusable_or_obsolete()
        answer = way(environ)
        if answer is None:
            return super().__call__(environ, start_response)
        self.metrics.requests_total.inc()
        self.metrics.responses_total.inc()
        self.metrics.requests_latency_before.observe(perf_counter() - begun)
        headers = {**self.headers[secure], **answer.headers, "Content-Length": str(len(answer.body))}
        start_response(_STATUS_LINES[answer.status], [*headers.items(), *answer.cookies])
        return [answer.body]


def _way(path: str) -> Callable[[Meta], Answer | None] | None:
    if machine_endpoints.is_protocol(path):
        return _answer_software if not consent_shortcut.is_consent(path) else _answer_person
    return None


def _answer_software(environ: Meta) -> Answer | None:
    meta = _seen(environ)
    try:
        answer = machine_endpoints.answer(meta, functools.partial(_read, environ))
    except Exception as error:
        response = response_for_exception(WSGIRequest(meta), error)
        return Answer(response.status_code, response.content, dict(response.items()))
    if NOWHERE in meta:
        environ[NOWHERE] = True
    return answer


def _answer_person(environ: Meta) -> Answer | None:
    meta = _seen(environ)
    if environ["REQUEST_METHOD"] == "POST":
        length = environ.get("CONTENT_LENGTH") or ""
        if not (length.isascii() and length.isdigit() and len(length) < 6):
            return None
        meta["wsgi.input"] = io.BytesIO(_read(environ))
    set_script_prefix("/")
    try:
        return consent_shortcut.answer(meta)
    except TooManyRequestsError as error:
        environ[WAIT_KEY] = error.retry_after  # its page is on the long way, where nothing is counted again
    except Exception:  # noqa: S110 - raised again on the long way, where there are pages for it
        pass
    return None


def _seen(environ: Meta) -> Meta:
    """A copy with the visitor's address."""
    meta = environ.copy()
    proxies.see_visitor(meta)
    return meta


def _read(environ: Meta) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)  # whoever answers in the end reads it from the beginning
    return body


def _is_secure(environ: Meta) -> bool:
    """As ``HttpRequest.is_secure``."""
    if settings.SECURE_PROXY_SSL_HEADER:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        if name in environ:
            return bool(environ[name].partition(",")[0].strip() == value)
    return bool(environ["wsgi.url_scheme"] == "https")


def _is_ours(host: str) -> bool:
    return _is_allowed(host, tuple(settings.ALLOWED_HOSTS))


@functools.lru_cache(maxsize=256)
def _is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def _security_headers(secure: bool) -> dict[str, str]:
    """What Django's middleware adds to every answer, asked of it once."""
    environ = {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "https" if secure else "http"}
    if secure and settings.SECURE_PROXY_SSL_HEADER:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        environ[name] = value
    added = SecurityMiddleware(lambda _request: HttpResponse()).process_response(WSGIRequest(environ), HttpResponse())
    return {name: value for name, value in added.items() if name != "Content-Type"}
