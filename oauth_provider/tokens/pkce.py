"""What a PKCE challenge and verifier look like (RFC 7636 sections 4.1 and 4.2). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits in base64url, no padding
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_challenge(text: str) -> bool:
    """Whether ``text`` can be the S256 challenge of some verifier."""
    return _CHALLENGE.fullmatch(text) is not None


def is_verifier(text: str) -> bool:
    """Whether ``text`` has the length and the characters a verifier must have."""
    return _VERIFIER.fullmatch(text) is not None


def answers(verifier: str, challenge: str) -> bool:
    """Whether ``verifier`` is the one of an S256 ``challenge`` (RFC 7636 section 4.6), compared in constant time."""
    if not is_verifier(verifier):
        return False
    return hmac.compare_digest(challenge_of(verifier).encode(), challenge.encode())


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
