"""Format and derivation of tokens. Pure: randomness and the server's key are arguments.

A token is a family (16 bytes), a secret (32) and a tag (16) in base64url. The tag is a MAC over kind, family and
secret: it identifies a token that was replaced long ago as genuine and as one of its family, without a row of its own.
The secret of a successor is derived from its predecessor's digest with the server's key. So a retried refresh gets the
same pair although no token is stored in plain text, and a token whose write was lost is identified as the successor of
the stored one. Only SHA-256 digests are stored.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

REFRESH, ACCESS = b"refresh", b"access"
FAMILY_BYTES, SECRET_BYTES, TAG_BYTES = 16, 32, 16
_LENGTH = 86  # base64url characters of the three together, without padding
TagFunction = Callable[[bytes, bytes, bytes], bytes]  # of kind, body and key


@dataclass(frozen=True)
class Pair:
    """A refresh token and the access token that goes with it."""

    family: UUID
    refresh_token: str
    access_token: str


def digest(text: str) -> str:
    """Return the SHA-256 digest in hexadecimal, as stored. Enough for 256 bits of entropy (RFC 6749 section 10.10)."""
    return hashlib.sha256(text.encode()).hexdigest()


def family_of_code(code: str, *, key: bytes) -> UUID:
    """Return the family that this code creates, so that a replayed code identifies its tokens (RFC 6749 10.5)."""
    return UUID(bytes=_derive(key, b"family", code.encode())[:FAMILY_BYTES])


def first_pair(family: UUID, *, secret: bytes, key: bytes) -> Pair:
    """Return the first pair of a family; ``secret`` is ``SECRET_BYTES`` random bytes."""
    refresh_token = _token(REFRESH, family, secret, key)
    access_token = _token(ACCESS, family, _derive(key, b"access", refresh_token.encode()), key)
    return Pair(family, refresh_token, access_token)


def next_pair(checksum: str, *, family: UUID, key: bytes) -> Pair:
    """Return the pair that replaces the refresh token with this digest: always the same one."""
    return first_pair(family, secret=_derive(key, b"successor", checksum.encode()), key=key)


def family_in(token: str) -> UUID | None:
    """Return the family that a token contains, genuine or not; None if it does not have a token's format."""
    raw = _bytes(token)
    return UUID(bytes=raw[:FAMILY_BYTES]) if raw else None


def _tag(kind: bytes, body: bytes, key: bytes) -> bytes:
    return _derive(key, b"tag " + kind, body)[:TAG_BYTES]


def is_ours(token: str, kind: bytes, *, keys: tuple[bytes, ...], tag_of: TagFunction = _tag) -> bool:
    """Return whether this server issued the token as one of this kind, with one of these keys."""
    raw = _bytes(token)
    if raw is None:
        return False
    body, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
    return any(hmac.compare_digest(tag, tag_of(kind, body, key)) for key in keys)


def _token(kind: bytes, family: UUID, secret: bytes, key: bytes) -> str:
    body = family.bytes + secret
    return _text(body + _tag(kind, body, key))


def _derive(key: bytes, purpose: bytes, message: bytes) -> bytes:
    """Return 32 bytes. Keyed BLAKE2b is a MAC (RFC 7693 section 2.9); ``person`` separates the purposes."""
    return hashlib.blake2b(message, key=key, person=purpose, digest_size=32).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    """Decode a token; None unless it is the canonical encoding that ``_text`` produces."""
    if len(text) != _LENGTH:
        return None
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _text(raw) == text else None
