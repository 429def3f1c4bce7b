"""Health checks and metrics for load balancers and monitoring.

``/healthz`` and ``/readyz`` are public, so their responses contain one word per component; the reason is in the log.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from oauth_provider.limits.redis_pause import TIMEOUTS
from portal.accounts import api_tokens
from portal.celery import app
from portal.models import ApiToken, User
from portal.pages.errors import json_error
from portal.pages.exported_metrics import metrics_text

log = logging.getLogger(__name__)

PROXY_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
)


READY_KEY = "gatepass:ready"


class NotReadyError(Exception):
    """A component responds but is not in the state that the portal needs."""


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 while this process responds.

    No other component is checked, so that an outage of the database does not restart the process.
    """
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Return 200 when every component works, else 503.

    Body: ``{"status": "ok" | "failing", "components": {name: "ok" | "failing"}}``.
    """
    components = {name: "ok" if is_healthy(name, check) else "failing" for name, check in COMPONENTS.items()}
    ready = set(components.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if ready else "failing", "components": components}, status=200 if ready else 503
    )


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return metrics in the Prometheus text format to this machine, to administrators, and for a token with the scope
    ``metrics``; 404 for all others.
    """
    if text := api_tokens.bearer_token(request):
        if refusal := _refusal_of_token(request, text):
            return refusal
    elif not (is_local_request(request) or is_administrator_request(request)):
        raise Http404
    return HttpResponse(metrics_text(), content_type=CONTENT_TYPE_LATEST)


def _refusal_of_token(request: HttpRequest, text: str) -> HttpResponse | None:
    try:
        token = api_tokens.authenticate(request, text)
    except api_tokens.InvalidTokenError:
        response = json_error(401, _("The token is invalid."))
        response["WWW-Authenticate"] = 'Bearer realm="Gatepass", error="invalid_token"'
        return response
    # The token of a former administrator keeps the scope, but its person has no right to it.
    if token.allows(ApiToken.Scope.METRICS) and (token.person is None or token.person.is_administrator):
        return None
    return json_error(403, _("The token lacks the scope metrics."))


def is_local_request(request: HttpRequest) -> bool:
    """Whether the request came over loopback directly. A proxy on this machine forwards requests from anywhere."""
    if any(header in request.META for header in PROXY_HEADERS):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def is_administrator_request(request: HttpRequest) -> bool:
    """Whether an active administrator is signed in."""
    return isinstance(request.user, User) and request.user.is_active and request.user.is_administrator


def is_healthy(name: str, check: Callable[[], None]) -> bool:
    """Run one check; log any failure and return False."""
    try:
        check()
    except Exception as error:  # any exception of a driver means that the component is not ready
        log.warning("readyz: %s is failing: %s: %s", name, type(error).__name__, error)
        return False
    return True


def check_database() -> None:
    """Run a query on the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@functools.cache  # applied migrations stay applied; an exception is not cached
def check_migrations() -> None:
    """Raise NotReadyError when migrations are missing."""
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReadyError(f"{len(missing)} migrations are not applied")


def check_broker() -> None:
    """Write to Redis and to Celery's broker, within a second. The file system broker needs a writable directory.

    A full Redis accepts connections but no writes. Raises NotReadyError when the directory is not writable, and the
    driver's exceptions when a write fails.
    """
    if settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL, **TIMEOUTS) as client:
            client.set(READY_KEY, 1, ex=60)
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        directory = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
        if not os.access(directory, os.W_OK | os.X_OK):
            raise NotReadyError("the directory of the broker is not writable")
        return
    with app.connection_for_write(transport_options={**TIMEOUTS, "max_retries": 0}) as broker:
        channel = broker.default_channel
        if broker.transport.driver_type == "redis":
            channel.client.set(READY_KEY, 1, ex=60)


COMPONENTS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "broker": check_broker,
}
