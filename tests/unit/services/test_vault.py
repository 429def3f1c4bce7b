"""Encrypted secrets need their key, and keys can be rotated without losing a secret."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from portal import checks
from rollout.services import vault

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
SECRET = "NjM0OTg3-a-token-ünïcode"


@pytest.fixture(autouse=True)
def _keys(settings) -> None:
    settings.CREDENTIAL_KEYS = [OLD]


def test_it_works() -> None:
    sealed = vault.seal(SECRET)
    assert SECRET not in sealed
    assert sealed.isascii()
    assert vault.open_(sealed) == SECRET


def test_the_same_text_is_encrypted_differently_each_time() -> None:
    assert vault.seal(SECRET) != vault.seal(SECRET)


def test_without_a_key_nothing_is_encrypted(settings) -> None:
    settings.CREDENTIAL_KEYS = []
    assert not vault.is_available()
    with pytest.raises(vault.VaultError, match="CREDENTIAL_KEYS is not set"):
        vault.seal(SECRET)


def test_another_key_decrypts_nothing_and_the_error_contains_no_secret(settings) -> None:
    sealed = vault.seal(SECRET)
    settings.CREDENTIAL_KEYS = [OTHER]
    with pytest.raises(vault.VaultError) as caught:
        vault.open_(sealed)
    assert SECRET not in str(caught.value)
    assert sealed not in str(caught.value)


@pytest.mark.parametrize(
    "change", [lambda text: text[:-4] + "AAAA", lambda text: text[:20], lambda text: "", str.lower]
)
def test_a_modified_value_is_not_decrypted(change) -> None:
    with pytest.raises(vault.VaultError):
        vault.open_(change(vault.seal(SECRET)))


def test_the_first_key_encrypts_and_every_key_decrypts(settings) -> None:
    sealed = vault.seal(SECRET)
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    assert vault.open_(sealed) == SECRET
    again = vault.seal_again(sealed)
    settings.CREDENTIAL_KEYS = [NEW]
    assert vault.open_(again) == SECRET


def test_invalid_keys_are_reported_at_start_without_showing_them(settings) -> None:
    settings.CREDENTIAL_KEYS = [OLD]
    assert checks.credential_keys_are_valid(None) == []
    settings.CREDENTIAL_KEYS = [OLD, "hunter2", OLD]
    found = checks.credential_keys_are_valid(None)
    assert [message.id for message in found] == ["gatepass.E010"]
    assert "Key 2" in found[0].msg
    assert "hunter2" not in found[0].msg + found[0].hint
