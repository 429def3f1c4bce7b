"""What machines ask: is the process alive, can it work, and its measurements.

Strangers may ask the first two, so the answers hold one word a component; the reason is in the log.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from portal.celery import app
from portal.models import User

log = logging.getLogger(__name__)

FORWARDED_BY_A_PROXY = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
)


class NotReadyError(Exception):
    """A component answers but is not in the state the portal needs."""


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; asks nothing else, so that a database outage restarts no process."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every component works, else 503: ``{"status": …, "components": {name: "ok" | "failing"}}``."""
    components = {name: "ok" if works(name, check) else "failing" for name, check in COMPONENTS.items()}
    ready = set(components.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if ready else "failing", "components": components}, status=200 if ready else 503
    )


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus's text format, for a scraper on this machine and for administrators; everyone else gets 404."""
    if not (asked_from_this_machine(request) or asked_by_administrator(request)):
        raise Http404
    return ExportToDjangoView(request)


def asked_from_this_machine(request: HttpRequest) -> bool:
    """Whether the request came over loopback directly; what a proxy passes on comes from anywhere."""
    if any(header in request.META for header in FORWARDED_BY_A_PROXY):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def asked_by_administrator(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_active and request.user.is_administrator


def works(name: str, check: Callable[[], None]) -> bool:
    """Run one check; any failure is a False here and a line in the log."""
    try:
        check()
    except Exception as error:  # whatever a driver raises means the same: not ready
        log.warning("readyz: %s is failing: %s: %s", name, type(error).__name__, error)
        return False
    return True


def database_answers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@functools.cache  # once applied they stay applied; a failure raises and is not remembered
def migrations_are_applied() -> None:
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReadyError(f"{len(missing)} migrations are not applied")


def broker_answers() -> None:
    """Reach Celery's broker within two seconds. The file system's broker is reached when it can be written."""
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
        if not os.access(folder, os.W_OK | os.X_OK):
            raise NotReadyError("the broker's folder cannot be written")
        return
    patience = {"socket_connect_timeout": 2, "socket_timeout": 2}
    with app.connection_for_write(connect_timeout=2, transport_options=patience) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


COMPONENTS: dict[str, Callable[[], None]] = {
    "database": database_answers,
    "migrations": migrations_are_applied,
    "broker": broker_answers,
}
