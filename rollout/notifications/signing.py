"""Signs deliveries by the Standard Webhooks specification (https://www.standardwebhooks.com/), version 1.0.0.

What is signed is ``id.timestamp.body``, by HMAC-SHA256 with the bytes behind ``whsec_``. During a rotation the header
holds one signature for each secret, so that a receiver may know either.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def secret_of(random_bytes: bytes) -> str:
    """A secret in the specification's spelling: ``whsec_`` and base64. Raises ValueError when it is too short."""
    if not 24 <= len(random_bytes) <= 64:
        raise ValueError("a secret has 24 to 64 bytes")
    return PREFIX + base64.b64encode(random_bytes).decode("ascii")


def headers(secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of one attempt; ``timestamp`` is that of the attempt, in seconds since 1970."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the base64 of the HMAC-SHA256 of ``id.timestamp.body``."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode("ascii")
