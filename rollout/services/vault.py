"""Encrypts secrets that must be read again later, so that the database alone does not reveal them.

The keys are ``CREDENTIAL_KEYS``: the first one encrypts, all of them decrypt, so a new key can be put before the
old ones until ``manage.py rotate_credentials`` has encrypted every value again. Without a key nothing is stored.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

GENERATE_KEY_COMMAND = "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"

_FERNET_PREFIX = "gAAAAA"  # of every Fernet token: its version, and a time before the year 2106


class VaultError(Exception):
    """A text cannot be encrypted or decrypted. The message names the setting, and never contains any of the text."""


def is_available() -> bool:
    """Whether there is a key to encrypt with; features that need one are offered only then."""
    return bool(settings.CREDENTIAL_KEYS)


def seal(text: str) -> str:
    """Encrypt and authenticate the text; return ASCII for a text column. Raises VaultError without a key."""
    return _keys().encrypt(text.encode()).decode("ascii")


def open_(sealed: str) -> str:
    """Decrypt a text from ``seal``. Raises VaultError if no key decrypts it, or if it was modified."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise VaultError("None of CREDENTIAL_KEYS can decrypt this value. Add the key that encrypted it.") from None


def is_sealed(text: str) -> bool:
    """Whether ``seal`` produced this text; it may also have been stored before a key was set."""
    return text.startswith(_FERNET_PREFIX)


def seal_again(sealed: str) -> str:
    """Encrypt the same text with the first key. Raises VaultError like ``open_``."""
    return seal(open_(sealed))


def key_error(key: str) -> str | None:
    """Return why a key is invalid, without repeating it; None if it is valid."""
    try:
        Fernet(key)
    except (ValueError, TypeError):
        return "is not 32 bytes in URL-safe base64"
    return None


def _keys() -> MultiFernet:
    if not settings.CREDENTIAL_KEYS:
        raise VaultError("CREDENTIAL_KEYS is not set, so Gatepass cannot encrypt secrets.")
    try:
        return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
    except (ValueError, TypeError):
        raise VaultError("CREDENTIAL_KEYS contains an invalid key. Run `manage.py check` to see which one.") from None
