"""Counts and logs a request of the fast path as the middleware stack does.

The same metrics as django-prometheus and the same lines as ``RequestLogMiddleware``, without a request object: the
children of the metrics are looked up once for each route, method and status.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter
from typing import Any

import structlog
from django.conf import settings
from django.utils.encoding import iri_to_uri
from django_prometheus.middleware import Metrics

from oauth_provider.endpoints.machine_view import Answer, Meta

_NAME = "django_structlog.middlewares.request"
_log, _plain_log = structlog.get_logger(_NAME), logging.getLogger(_NAME)
_django_log = logging.getLogger("django.request")
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH"}


class RequestRecord:
    """One request: begun when made, counted and logged when finished.

    What is not finished is left to the middleware stack, which finds the line of its beginning written.
    """

    def __init__(self, meta: Meta, view: str, *, secure: bool) -> None:
        self.meta, self.view, self.transport = meta, view, "https" if secure else "http"
        self.bound = structlog.contextvars.bind_contextvars(
            request_id=str(uuid.uuid4()), user_id=None, ip=meta.get("REMOTE_ADDR", "")
        )
        if _plain_log.isEnabledFor(logging.INFO):
            _log.info("request_started", request=self._line(), user_agent=meta.get("HTTP_USER_AGENT"))
        self.begun = perf_counter()

    def finish(self, answer: Answer) -> None:
        count(
            self.view, self.meta["REQUEST_METHOD"], self.transport, answer.status,
            received=int(self.meta.get("CONTENT_LENGTH") or 0), sent=len(answer.body),
            seconds=perf_counter() - self.begun,
        )  # fmt: skip
        if self.meta.get("HTTP_X_REQUESTED_WITH") == "XMLHttpRequest":
            Metrics.get_instance().requests_ajax.inc()
        level = logging.WARNING if answer.status >= HTTPStatus.BAD_REQUEST else logging.INFO
        if _plain_log.isEnabledFor(level):
            _log.log(level, "request_finished", code=answer.status, request=self._line())
        structlog.contextvars.reset_contextvars(**self.bound)  # clearing would walk through all context variables
        if answer.status >= HTTPStatus.BAD_REQUEST:  # as BaseHandler has it, behind all middleware
            _django_log.warning("%s: %s", HTTPStatus(answer.status).phrase, self.meta["PATH_INFO"])

    def _line(self) -> str:
        query = self.meta.get("QUERY_STRING", "")
        rest = f"?{iri_to_uri(query)}" if query else ""
        return f"{self.meta['REQUEST_METHOD']} {self.meta['PATH_INFO']}{rest}"


def count(view: str, method: str, transport: str, status: int, *, received: int, sent: int, seconds: float) -> None:
    """Count one request in every metric that django-prometheus's two middleware would; sizes in bytes."""
    increments, observe_received, observe_sent, latencies = _children(view, method, transport, status)
    for increment in increments:
        increment()
    observe_received(received)
    observe_sent(sent)
    for observe in latencies:
        observe(seconds)


@functools.lru_cache(maxsize=512)
def _children(view: str, method: str, transport: str, status: int) -> tuple[Any, ...]:
    metrics = Metrics.get_instance()
    known, code = method if method in _METHODS else "<invalid method>", str(status)
    increments: list[Callable[[], None]] = [
        metrics.requests_total.inc,
        metrics.responses_total.inc,
        metrics.requests_by_method.labels(method=known).inc,
        metrics.requests_by_transport.labels(transport=transport).inc,
        metrics.requests_by_view_transport_method.labels(view=view, transport=transport, method=known).inc,
        metrics.responses_by_status.labels(status=code).inc,
        metrics.responses_by_status_view_method.labels(status=code, view=view, method=known).inc,
        metrics.responses_by_charset.labels(charset=settings.DEFAULT_CHARSET).inc,
    ]
    latency = metrics.requests_latency_by_view_method.labels(view=view, method=method)
    return (
        increments, metrics.requests_body_bytes.observe, metrics.responses_body_bytes.observe,
        [metrics.requests_latency_before.observe, latency.observe],
    )  # fmt: skip
