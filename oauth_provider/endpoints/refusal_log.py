"""Logs and counts refused requests of the token, revocation and introspection endpoints, on both request paths.

Nothing of the request is logged here: a value in the wrong parameter may be a secret. The lines of the request log,
which have the same request ID, name the path and the client's address.
"""

from __future__ import annotations

import json
from http import HTTPStatus

import structlog
from prometheus_client import Counter

from .machine_view import MachineResponse

log = structlog.get_logger(__name__)
_REFUSED = Counter(
    "gatepass_oauth_refused_requests",
    "Refused requests of the OAuth endpoints by endpoint, HTTP status and OAuth error.",
    ["endpoint", "status", "error"],
)
_WITHOUT_ERROR: dict[int, str] = {
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
}


def record_refusal(endpoint: str, response: MachineResponse) -> MachineResponse:
    """Log and count a refusal, and return it.

    Its body has ``error`` and ``error_description``, or only ``detail`` after a reached limit, or is empty.
    """
    reason = json.loads(response.body) if response.body else {}
    error = reason.get("error") or _WITHOUT_ERROR.get(response.status, "none")
    _REFUSED.labels(endpoint, str(int(response.status)), error).inc()
    log.warning(
        "oauth_request_refused",
        endpoint=endpoint,
        status=int(response.status),
        error=error,
        description=reason.get("error_description") or reason.get("detail", ""),
    )
    return response
