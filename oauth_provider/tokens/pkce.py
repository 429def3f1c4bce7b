"""PKCE challenges and verifiers (RFC 7636). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits in base64url, no padding
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_challenge(text: str) -> bool:
    """Return whether ``text`` has the format of an S256 challenge."""
    return _CHALLENGE.fullmatch(text) is not None


def is_verifier(text: str) -> bool:
    """Return whether ``text`` has the length and characters of a verifier (section 4.1)."""
    return _VERIFIER.fullmatch(text) is not None


def matches(verifier: str, challenge: str) -> bool:
    """Return whether ``verifier`` matches an S256 ``challenge`` (section 4.6), compared in constant time."""
    if not is_verifier(verifier):
        return False
    return hmac.compare_digest(challenge_of(verifier).encode(), challenge.encode())


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
