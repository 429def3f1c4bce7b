"""The secrets of second factors are encrypted: the database alone does not reveal them."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.test import Client

from portal.models import User
from rollout.services import vault

PASSWORD = "correct horse battery staple"
NEW = Fernet.generate_key().decode()


@pytest.fixture
def boss(make_user: Callable[..., User]) -> User:
    return make_user("administrator", "boss@example.com", PASSWORD)


def sign_in(user: User, secret: str) -> int:
    """The status of the home page, after the password and a code."""
    client = Client(raise_request_exception=False)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    answer = client.post("/accounts/2fa/authenticate/", {"code": code})
    return answer.status_code if answer.status_code >= 500 else client.get("/").status_code


def kept(kind: str) -> str:
    return str(Authenticator.objects.get(type=kind).data)


def rotate() -> str:
    written = StringIO()
    call_command("rotate_credentials", stdout=written)
    return written.getvalue()


def test_a_totp_secret_is_sealed_and_works(boss: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(boss, secret)
    assert secret not in kept("totp")
    assert sign_in(boss, secret) == 200


def test_recovery_codes_are_sealed_and_work(boss: User, settings: Any) -> None:
    codes = RecoveryCodes.activate(boss)
    assert vault.is_sealed(codes.instance.data["seed"])
    [first, *_rest] = codes.get_unused_codes()
    settings.CREDENTIAL_KEYS = [NEW, *settings.CREDENTIAL_KEYS]
    rotate()
    settings.CREDENTIAL_KEYS = [NEW]
    again = RecoveryCodes(Authenticator.objects.get(type="recovery_codes"))
    assert again.validate_code(first)
    assert not again.validate_code(first)


def test_the_key_can_be_changed(boss: User, settings: Any) -> None:
    secret = generate_totp_secret()
    TOTP.activate(boss, secret)
    settings.CREDENTIAL_KEYS = [NEW, *settings.CREDENTIAL_KEYS]
    assert "Encrypted with the first key: 1." in rotate()
    settings.CREDENTIAL_KEYS = [NEW]
    assert sign_in(boss, secret) == 200


def test_rotation_encrypts_factors_stored_without_a_key(boss: User, settings: Any) -> None:
    keys, settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS, []
    secret = generate_totp_secret()
    TOTP.activate(boss, secret)
    assert secret in kept("totp")
    settings.CREDENTIAL_KEYS = keys
    rotate()
    assert secret not in kept("totp")
    assert sign_in(boss, secret) == 200


def test_a_factor_whose_key_is_missing_cannot_be_used(boss: User, settings: Any) -> None:
    secret = generate_totp_secret()
    TOTP.activate(boss, secret)
    keys, settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS, [NEW]
    assert sign_in(boss, secret) == 503
    with pytest.raises(CommandError, match="No key decrypts authenticator #"):
        rotate()
    settings.CREDENTIAL_KEYS = keys
    assert sign_in(boss, secret) == 200
