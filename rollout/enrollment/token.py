"""Tokens of passes and sign-in links: 128 random bits in letters suited to QR codes, paper and typing. Pure.

Base32 (RFC 4648 §6) keeps the QR code in alphanumeric mode and avoids 0, 1, 8 and 9, which look like letters. Only the
digest is stored; at 128 bits it needs neither salt nor a slow hash.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable

RANDOM_BYTES = 16


def mint(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a new token: 26 upper-case base32 characters without padding."""
    return base64.b32encode(random_bytes(RANDOM_BYTES)).decode("ascii").rstrip("=")


def digest(token: str) -> str:
    """Return the SHA-256 of the token in hexadecimal. ASCII letters are case-insensitive; nothing else is
    normalized.
    """
    # bytes.upper() changes ASCII only: str.upper() would turn a long s or a dotless i into plain letters.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass").upper()).hexdigest()
