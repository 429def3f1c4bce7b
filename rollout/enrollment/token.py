"""Tokens of passes and sign-in links: 128 random bits in base32, which is easy to print and type. Pure.

Base32 (RFC 4648 §6) fits the alphanumeric mode of QR codes and has no 0, 1, 8 or 9 that look like letters. Only the
digest is stored; a token of 128 random bits needs neither salt nor a slow hash.
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
    """Return the SHA-256 of the token in hexadecimal, ignoring the case of ASCII letters."""
    # bytes.upper() changes ASCII only: str.upper() would turn a long s or a dotless i into plain letters.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass").upper()).hexdigest()
