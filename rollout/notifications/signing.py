"""Signs deliveries as defined by Standard Webhooks 1.0.0 (https://www.standardwebhooks.com/).

The signature is the HMAC-SHA256 of ``id.timestamp.body``; the key is the base64 text after ``whsec_``. During a
rotation the header contains one signature for each secret, so the receiver can verify with either.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def secret_of(random_bytes: bytes) -> str:
    """Return a secret in the format of the specification. Raises ValueError unless it has 24 to 64 bytes."""
    if not 24 <= len(random_bytes) <= 64:
        raise ValueError("a webhook secret must have 24 to 64 bytes")
    return PREFIX + base64.b64encode(random_bytes).decode("ascii")


def headers(secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of one attempt. ``timestamp`` is the time of the attempt, in seconds since 1970."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return ``v1,`` and the base64 of the HMAC-SHA256 of ``id.timestamp.body``."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode("ascii")
