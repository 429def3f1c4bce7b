"""Seals secrets that must be read again later: what stands in the database is of no use without the key.

The keys are ``CREDENTIAL_KEYS``: the first one seals, every one opens, so that a new key can be put in front of the old
ones before ``manage.py rotate_credentials`` writes every sealed value anew. Without a key nothing is sealed.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

HOW_TO_MAKE_A_KEY = "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"

_BEGINNING = "gAAAAA"  # of every Fernet token: its version, and a time before the year 2106


class VaultError(Exception):
    """A text cannot be sealed or opened. The message says what to set, and never holds any of the text."""


def is_available() -> bool:
    """Whether there is a key to seal with: what needs one is offered only then."""
    return bool(settings.CREDENTIAL_KEYS)


def seal(text: str) -> str:
    """The text encrypted and authenticated, as ASCII for a text column. Raises VaultError without a key."""
    return _keys().encrypt(text.encode()).decode("ascii")


def open_(sealed: str) -> str:
    """The text that ``seal`` sealed. Raises VaultError when no key opens it, or when it was tampered with."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise VaultError("None of CREDENTIAL_KEYS opens this value. Put the key back that sealed it.") from None


def is_sealed(text: str) -> bool:
    """Whether ``seal`` made this text, of one that may also have been kept before there was a key."""
    return text.startswith(_BEGINNING)


def seal_again(sealed: str) -> str:
    """The same text sealed by the first key. Raises VaultError like ``open_``."""
    return seal(open_(sealed))


def key_fault(key: str) -> str | None:
    """Why a key is none, in words that do not repeat it; None when it is good."""
    try:
        Fernet(key)
    except (ValueError, TypeError):
        return "is not 32 bytes in URL-safe base64"
    return None


def _keys() -> MultiFernet:
    if not settings.CREDENTIAL_KEYS:
        raise VaultError("CREDENTIAL_KEYS is not set: there is no key to seal secrets with.")
    try:
        return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
    except (ValueError, TypeError):
        raise VaultError("CREDENTIAL_KEYS holds something that is no key; `manage.py check` says which.") from None
