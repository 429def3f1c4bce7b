"""What codes and tokens are made of. Pure: randomness and the server's key are arguments.

A token is a family (16 bytes), a secret (32) and a tag (16) in base64url. The tag is the server's signature over kind,
family and secret: a token that was replaced long ago is known for one of ours, and for one of its family, without a
row of its own. A successor's secret is derived from its predecessor's digest with the server's key: whoever retries a
refresh gets the same pair again, and nothing has to be kept in clear for that; and a token whose record was lost is
known for the successor of the one that is stored. The server stores SHA-256 digests only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

REFRESH, ACCESS = b"refresh", b"access"
FAMILY_BYTES, SECRET_BYTES, TAG_BYTES = 16, 32, 16
_LENGTH = 86  # base64url characters of the three together, without padding


@dataclass(frozen=True)
class Pair:
    """A refresh token and the access token that goes with it."""

    family: UUID
    refresh_token: str
    access_token: str


def digest(text: str) -> str:
    """SHA-256 in hexadecimal, as stored. Enough for what has 256 bits of randomness (RFC 6749 section 10.10)."""
    return hashlib.sha256(text.encode()).hexdigest()


def family_of_code(code: str, *, key: bytes) -> UUID:
    """The family that redeeming this code founds: a replayed code finds the tokens it gave (RFC 6749 section 10.5)."""
    return UUID(bytes=_derive(key, b"family", code.encode())[:FAMILY_BYTES])


def first_pair(family: UUID, *, secret: bytes, key: bytes) -> Pair:
    """The first pair of a family; ``secret`` is ``SECRET_BYTES`` of fresh randomness."""
    refresh_token = _token(REFRESH, family, secret, key)
    access_token = _token(ACCESS, family, _derive(key, b"access", refresh_token.encode()), key)
    return Pair(family, refresh_token, access_token)


def next_pair(checksum: str, *, family: UUID, key: bytes) -> Pair:
    """The pair that replaces the refresh token with this digest: the same one however often it is asked for."""
    return first_pair(family, secret=_derive(key, b"successor", checksum.encode()), key=key)


def family_in(token: str) -> UUID | None:
    """The family that a token names, whoever made it up; None when it does not have the shape of one."""
    raw = _bytes(token)
    return UUID(bytes=raw[:FAMILY_BYTES]) if raw else None


def is_ours(token: str, kind: bytes, *, keys: tuple[bytes, ...]) -> bool:
    """Whether this server made it, with one of its keys, as a token of this kind."""
    raw = _bytes(token)
    if raw is None:
        return False
    body, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
    return any(hmac.compare_digest(tag, _tag(kind, body, key)) for key in keys)


def _token(kind: bytes, family: UUID, secret: bytes, key: bytes) -> str:
    body = family.bytes + secret
    return _text(body + _tag(kind, body, key))


def _tag(kind: bytes, body: bytes, key: bytes) -> bytes:
    return _derive(key, b"tag " + kind, body)[:TAG_BYTES]


def _derive(key: bytes, purpose: bytes, message: bytes) -> bytes:
    """32 bytes. Keyed BLAKE2b is a MAC by itself (RFC 7693 section 2.9); ``person`` keeps the purposes apart."""
    return hashlib.blake2b(message, key=key, person=purpose, digest_size=32).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    """The token's bytes; None unless it is written as ``_text`` writes it, which is the one way."""
    if len(text) != _LENGTH:
        return None
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _text(raw) == text else None
