"""The keys of the audit log, which are outside the database: they prove that an event or a checkpoint is Gatepass's.

The first of ``AUDIT_KEYS`` signs, all of them verify. Without that setting, ``SECRET_KEY`` signs, and its former values
(``SECRET_KEY_FALLBACKS``) verify too.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
from typing import Any

from django.conf import settings


class UnknownKeyError(Exception):
    """No key of the settings has this id."""


def current_key_id() -> str:
    """Return the id of the key that signs: it names the key without revealing it."""
    return _ids(_configured())[0]


def sign(key_id: str, fields: list[Any]) -> str:
    """Return the HMAC-SHA-256 (64 hexadecimal digits) of the fields as canonical JSON. Raises UnknownKeyError."""
    keys = _configured()
    try:
        key = keys[_ids(keys).index(key_id)]
    except ValueError:
        raise UnknownKeyError(key_id) from None
    return hmac.new(key.encode(), canonical(fields), hashlib.sha256).hexdigest()


def canonical(fields: list[Any]) -> bytes:
    """Return the fields as JSON with a single possible form."""
    return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _configured() -> tuple[str, ...]:
    return tuple(settings.AUDIT_KEYS) or (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@functools.lru_cache(maxsize=4)
def _ids(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(hashlib.sha256(b"gatepass audit key id:" + key.encode()).hexdigest()[:12] for key in keys)
