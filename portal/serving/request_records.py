"""Counts and logs requests of the fast path as the middleware stack does.

The same metrics as django-prometheus and the same lines as ``RequestLogMiddleware``, without a request object. Counts
are queued and added in batches, and before each scrape: adding to a dozen metrics costs more than the rest of a machine
request.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections import Counter, deque
from collections.abc import Iterable
from http import HTTPStatus
from time import perf_counter, sleep
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.utils.encoding import iri_to_uri
from django_prometheus.middleware import Metrics
from prometheus_client import REGISTRY, Metric
from prometheus_client.registry import Collector

from oauth_provider.endpoints.machine_view import MachineResponse, Meta
from portal.logs import REQUEST, REQUEST_ID

BATCH = 100
ARE_SHARED = "PROMETHEUS_MULTIPROC_DIR" in os.environ  # several web processes add up their counts in files
_NAME = "django_structlog.middlewares.request"
_log, _plain_log = structlog.get_logger(_NAME), logging.getLogger(_NAME)
_django_log = logging.getLogger("django.request")
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH"}


class Kind(NamedTuple):
    """The metric labels of a request."""

    view: str
    method: str
    transport: str
    status: int
    is_ajax: bool


class RequestRecord:
    """One request: created at its start, counted and logged by ``finish``.

    ``hand_over`` instead of ``finish`` leaves it to the middleware stack; its first line is already written.
    """

    __slots__ = ("meta", "started_at", "token", "transport", "view")

    def __init__(self, meta: Meta, view: str, *, secure: bool) -> None:
        self.meta, self.view, self.transport = meta, view, "https" if secure else "http"
        self.token = REQUEST.set(meta)
        if _plain_log.isEnabledFor(logging.INFO):
            _log.info("request_started", request=self._line(), user_agent=meta.get("HTTP_USER_AGENT"))
        self.started_at = perf_counter()

    def finish(self, answer: MachineResponse) -> None:
        meta = self.meta
        is_ajax = meta.get("HTTP_X_REQUESTED_WITH") == "XMLHttpRequest"
        kind = Kind(self.view, meta["REQUEST_METHOD"], self.transport, answer.status, is_ajax)
        received = int(meta.get("CONTENT_LENGTH") or 0)
        _pending.append((kind, received, len(answer.body), perf_counter() - self.started_at))
        if len(_pending) >= BATCH:
            write_counts()
        elif ARE_SHARED:
            _write_every_second()
        level = logging.WARNING if answer.status >= HTTPStatus.BAD_REQUEST else logging.INFO
        if _plain_log.isEnabledFor(level):
            _log.log(level, "request_finished", code=answer.status, request=self._line())
        REQUEST.reset(self.token)
        if answer.status >= HTTPStatus.BAD_REQUEST:  # as BaseHandler has it, behind all middleware
            _django_log.warning("%s: %s", HTTPStatus(answer.status).phrase, meta["PATH_INFO"])

    def hand_over(self, environ: Meta) -> None:
        """Leave the request to the middleware stack, whose log lines have the same ID."""
        environ[REQUEST_ID] = self.meta.get(REQUEST_ID)
        REQUEST.reset(self.token)

    def _line(self) -> str:
        query = self.meta.get("QUERY_STRING", "")
        rest = f"?{iri_to_uri(query)}" if query else ""
        return f"{self.meta['REQUEST_METHOD']} {self.meta['PATH_INFO']}{rest}"


# --- Counts ----------------------------------------------------------------------------------------------------
_pending: deque[tuple[Kind, int, int, float]] = deque()  # kind, bytes received and sent, seconds


def write_counts() -> None:
    """Add the queued counts to every metric that django-prometheus's two middleware classes would update.
    Thread-safe.
    """
    counts = Counter[Kind]()
    for kind, received, sent, seconds in _drain():
        counts[kind] += 1
        for observe, value in zip(_histograms(kind), (received, sent, seconds, seconds), strict=True):
            observe(value)
    for kind, count in counts.items():
        for increment in _counters(kind):
            increment(count)


@functools.cache
def _write_every_second() -> None:
    """Start a thread that writes the counts, once: a scrape of another process finds only what is written."""

    def write() -> None:
        while True:
            sleep(1)
            write_counts()

    threading.Thread(target=write, name="write_counts", daemon=True).start()


def _drain() -> Iterable[tuple[Kind, int, int, float]]:
    while True:
        try:
            yield _pending.popleft()
        except IndexError:
            return


@functools.lru_cache(maxsize=512)
def _histograms(kind: Kind) -> tuple[Any, ...]:
    metrics = Metrics.get_instance()
    by_view = metrics.requests_latency_by_view_method.labels(view=kind.view, method=kind.method)
    of_kind = (metrics.requests_body_bytes, metrics.responses_body_bytes, metrics.requests_latency_before, by_view)
    return tuple(metric.observe for metric in of_kind)


@functools.lru_cache(maxsize=512)
def _counters(kind: Kind) -> tuple[Any, ...]:
    metrics = Metrics.get_instance()
    method, status = kind.method if kind.method in _METHODS else "<invalid method>", str(kind.status)
    of_view = {"view": kind.view, "method": method}
    of_kind = (
        metrics.requests_total,
        metrics.responses_total,
        metrics.requests_by_method.labels(method=method),
        metrics.requests_by_transport.labels(transport=kind.transport),
        metrics.requests_by_view_transport_method.labels(transport=kind.transport, **of_view),
        metrics.responses_by_status.labels(status=status),
        metrics.responses_by_status_view_method.labels(status=status, **of_view),
        metrics.responses_by_charset.labels(charset=settings.DEFAULT_CHARSET),
        *([metrics.requests_ajax] if kind.is_ajax else []),
    )
    return tuple(metric.inc for metric in of_kind)


class _BeforeScrape(Collector):
    """A collector without metrics. Registered before django-prometheus's, so that a scrape finds them up to date."""

    def collect(self) -> Iterable[Metric]:
        write_counts()
        return []


REGISTRY.register(_BeforeScrape())
