"""What is sealed is opened by its key only, and keys can be changed without losing a secret."""

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


def test_the_same_text_is_never_sealed_the_same_way() -> None:
    assert vault.seal(SECRET) != vault.seal(SECRET)


def test_without_a_key_nothing_is_sealed(settings) -> None:
    settings.CREDENTIAL_KEYS = []
    assert not vault.is_available()
    with pytest.raises(vault.VaultError, match="CREDENTIAL_KEYS is not set"):
        vault.seal(SECRET)


def test_another_key_opens_nothing_and_repeats_nothing(settings) -> None:
    sealed = vault.seal(SECRET)
    settings.CREDENTIAL_KEYS = [OTHER]
    with pytest.raises(vault.VaultError) as caught:
        vault.open_(sealed)
    assert SECRET not in str(caught.value)
    assert sealed not in str(caught.value)


@pytest.mark.parametrize(
    "change", [lambda text: text[:-4] + "AAAA", lambda text: text[:20], lambda text: "", str.lower]
)
def test_what_was_tampered_with_stays_closed(change) -> None:
    with pytest.raises(vault.VaultError):
        vault.open_(change(vault.seal(SECRET)))


def test_the_first_key_seals_and_every_key_opens(settings) -> None:
    sealed = vault.seal(SECRET)
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    assert vault.open_(sealed) == SECRET
    again = vault.seal_again(sealed)
    settings.CREDENTIAL_KEYS = [NEW]
    assert vault.open_(again) == SECRET


def test_keys_are_checked_at_the_start_without_being_shown(settings) -> None:
    settings.CREDENTIAL_KEYS = [OLD]
    assert checks.credential_keys_are_valid(None) == []
    settings.CREDENTIAL_KEYS = [OLD, "hunter2", OLD]
    found = checks.credential_keys_are_valid(None)
    assert [message.id for message in found] == ["gatepass.E010"]
    assert "Key 2" in found[0].msg
    assert "hunter2" not in found[0].msg + found[0].hint
