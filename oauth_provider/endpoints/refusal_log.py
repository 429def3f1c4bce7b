"""Logs and counts refused requests of the token, revocation and introspection endpoints, on both request paths.

Nothing of the request is logged here: a value in the wrong parameter may be a secret. The lines of the request log,
which have the same request ID, name the path and the client's address.
"""

from __future__ import annotations

import json

import structlog
from prometheus_client import Counter

from .machine_view import MachineResponse

log = structlog.get_logger(__name__)
_REFUSED = Counter(
    "gatepass_oauth_refused_requests",
    "Refused requests of the OAuth endpoints by endpoint, HTTP status and OAuth error.",
    ["endpoint", "status", "error"],
)


def record_refusal(endpoint: str, response: MachineResponse) -> MachineResponse:
    """Log and count a refusal, and return it. Its body is empty or has ``error`` and ``error_description``."""
    reason = json.loads(response.body) if response.body else {"error": "method_not_allowed"}
    _REFUSED.labels(endpoint, str(int(response.status)), reason["error"]).inc()
    log.warning(
        "oauth_request_refused",
        endpoint=endpoint,
        status=int(response.status),
        error=reason["error"],
        description=reason.get("error_description", ""),
    )
    return response
