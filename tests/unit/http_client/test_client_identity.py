"""Client certificates: which texts are accepted, and why others are not."""

from __future__ import annotations

import ssl

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rollout.http_client.client_identity import (
    CLIENT_CERTIFICATE_ERRORS,
    ClientCertificateError,
    check_client_certificate,
    load_client_certificate,
)
from rollout.http_client.policy import FetchPolicy
from tests.support.tls_servers import issue

AUTHORITY = issue("Example root", is_authority=True)
PHONE = issue("phone-17", AUTHORITY)
PEM = serialization.Encoding.PEM


def encrypted(form: serialization.PrivateFormat) -> str:
    return PHONE.key.private_bytes(PEM, form, serialization.BestAvailableEncryption(b"secret")).decode()


@pytest.mark.parametrize(
    "pem",
    [
        PHONE.pem + PHONE.key_pem,
        PHONE.key_pem + PHONE.pem,
        AUTHORITY.pem + PHONE.pem + PHONE.key_pem,
        "Für das Prüfen\n" + PHONE.pem + AUTHORITY.pem + "friendlyName: Prüfung\n" + PHONE.key_pem + "\n\n",
        PHONE.pem.replace("\n", "\r\n") + PHONE.key_pem.replace("\n", "\r\n"),
        PHONE.pem
        + PHONE.key.private_bytes(
            PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ).decode(),
    ],
    ids=["certificate first", "key first", "authority first", "other text", "CRLF", "EC key"],
)
def test_it_works(pem) -> None:
    assert check_client_certificate(pem) == ("phone-17", PHONE.certificate.not_valid_after_utc)
    load_client_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), pem)


def test_an_expired_one_is_reported_as_such() -> None:
    old = issue("old", AUTHORITY, days=-3)
    assert check_client_certificate(old.pem + old.key_pem)[1] == old.certificate.not_valid_after_utc


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        ("", "no-certificate"),
        ("nonsense", "no-certificate"),
        (PHONE.key_pem, "no-certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + PHONE.key_pem, "no-certificate"),
        (PHONE.pem, "no-key"),
        (PHONE.pem + AUTHORITY.key_pem, "mismatch"),
        (PHONE.pem + encrypted(serialization.PrivateFormat.PKCS8), "encrypted"),
        (PHONE.pem + encrypted(serialization.PrivateFormat.TraditionalOpenSSL), "encrypted"),
        (PHONE.pem + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "unreadable-key"),
        (PHONE.pem + "PRIVATE KEY-----", "unreadable-key"),
        (PHONE.pem + "ü" + PHONE.key_pem[:80], "unreadable-key"),
        (PHONE.pem + PHONE.key_pem + "x" * 100_000, "too-long"),
    ],
)
def test_refused(pem, code) -> None:
    with pytest.raises(ClientCertificateError) as caught:
        check_client_certificate(pem)
    assert (caught.value.code, str(caught.value)) == (code, CLIENT_CERTIFICATE_ERRORS[code])
    assert isinstance(caught.value, ValueError)


def test_a_key_that_openssl_finds_too_weak() -> None:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    key = rsa.generate_private_key(65537, 1024)
    name, now = x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    form = (PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = builder.sign(key, hashes.SHA256()).public_bytes(PEM).decode() + key.private_bytes(*form).decode()
    with pytest.raises(ClientCertificateError) as caught:
        check_client_certificate(pem)
    assert caught.value.code == "unusable"


def test_the_key_shows_in_no_representation() -> None:
    assert "PRIVATE" not in repr(FetchPolicy(client_certificate=PHONE.pem + PHONE.key_pem))
