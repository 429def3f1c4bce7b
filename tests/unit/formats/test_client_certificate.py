"""Client certificates: PEM and PKCS #12 as they are exported, each refusal by name, and nothing secret in an error."""

from __future__ import annotations

import re
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12

from rollout.formats.client_certificate import (
    MAX_BYTES,
    MAX_ROUNDS,
    ClientCertificateError,
    read_client_certificate,
)
from rollout.formats.key_derivation import demanded_rounds, is_pkcs12
from tests.support.client_certificates import PASSWORD, SERVER_AUTH, Identity, authority

NOW = datetime.now(UTC)
CA = authority()
INTERMEDIATE = Identity("Example issuing CA", CA, ca=True)
PHONE = Identity("ruth@example.com", INTERMEDIATE)
RSA = Identity("rsa@example.com", CA, key=rsa.generate_private_key(public_exponent=65537, key_size=2048))


def in_ber(der: bytes) -> bytes:
    """The same PKCS #12 file with an indefinite length, as browsers export it."""
    size = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    return b"\x30\x80" + der[size:] + b"\x00\x00"


@pytest.mark.parametrize(
    ("data", "password"),
    [
        (PHONE.pem(), ""),
        (PHONE.pem(), "not needed"),
        (PHONE.pem(PASSWORD), PASSWORD),
        (PHONE.pem(PASSWORD, PrivateFormat.TraditionalOpenSSL), PASSWORD),
        (PHONE.pem(form=PrivateFormat.TraditionalOpenSSL), ""),
        (RSA.pem(form=PrivateFormat.TraditionalOpenSSL), ""),
        (PHONE.pem().replace(b"\n", b"\r\n"), ""),
        (b"Bag Attributes\n  friendlyName: R\xc3\xbcth\n" + PHONE.pem(), ""),
        (PHONE.pkcs12(), PASSWORD),
        (PHONE.pkcs12(""), ""),
        (in_ber(PHONE.pkcs12()), PASSWORD),
        (Identity("ed", CA, key=ed25519.Ed25519PrivateKey.generate()).pem(), ""),
        (Identity("any", CA, purposes=None).pem(), ""),
    ],
    ids=[
        "pem", "pem-password-unused", "pem-encrypted", "pem-encrypted-old", "pem-ec", "pem-rsa", "pem-crlf",
        "pem-with-text", "pkcs12", "pkcs12-no-password", "pkcs12-ber", "ed25519", "no-extended-key-usage",
    ],
)  # fmt: skip
def test_it_works(data: bytes, password: str, tmp_path: Path) -> None:
    read = read_client_certificate(data, password, now=NOW)
    (tmp_path / "client.pem").write_text(read.pem)
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(tmp_path / "client.pem")  # the key belongs to it
    assert read.certificate.expires_at
    assert abs(read.certificate.expires_at - NOW - timedelta(days=30)) < timedelta(days=1)
    assert "ENCRYPTED" not in read.pem
    assert "PRIVATE KEY" not in repr(read)


@pytest.mark.parametrize("data", [
    (INTERMEDIATE.certificate_pem + CA.certificate_pem).encode() + PHONE.pem(),
    PHONE.pkcs12(PASSWORD, INTERMEDIATE, CA),
], ids=["pem", "pkcs12"])  # fmt: skip
def test_the_certificate_of_the_key_comes_first_and_its_issuers_follow(data: bytes) -> None:
    read = read_client_certificate(data, PASSWORD, now=NOW)
    assert (read.certificate.subject, read.certificate.issuer) == ("ruth@example.com", "Example issuing CA")
    assert read.intermediates == 2
    assert read.pem.startswith(PHONE.certificate_pem)
    assert re.findall("BEGIN ([A-Z ]+)", read.pem) == ["CERTIFICATE"] * 3 + ["PRIVATE KEY"]


MANY = b"".join(Identity(f"CA {number}", CA, ca=True).certificate_pem.encode() for number in range(10))


@pytest.mark.parametrize(
    ("data", "password", "code"),
    [
        (b"", "", "empty"),
        (b" \r\n", "", "empty"),
        (PHONE.pem() + b" " * MAX_BYTES, "", "too-large"),
        (b"hello", "", "unreadable"),
        (b"\x30\x80", "", "unreadable"),
        (PHONE.key_pem().encode(), "", "no-certificate"),
        (PHONE.certificate_pem.encode(), "", "no-key"),
        (PHONE.certificate.public_bytes(Encoding.DER), "", "no-key"),
        (PHONE.pem() + RSA.key_pem().encode(), "", "several-keys"),
        (PHONE.pem() + MANY, "", "too-many"),
        (PHONE.pem()[:-20], "", "incomplete"),
        (PHONE.pem().replace(b"MII", b"AAA", 1), "", "unreadable"),
        (PHONE.pem(PASSWORD).replace(b"PRIVATE KEY-----\nM", b"PRIVATE KEY-----\n", 1), PASSWORD, "unreadable"),
        (PHONE.pem(PASSWORD), "", "password-needed"),
        (PHONE.pem(PASSWORD), "wrong", "wrong-password"),
        (PHONE.pem(PASSWORD, PrivateFormat.TraditionalOpenSSL), "", "password-needed"),
        (PHONE.pem(PASSWORD, PrivateFormat.TraditionalOpenSSL), "wrong", "wrong-password"),
        (PHONE.pkcs12(), "", "password-needed"),
        (PHONE.pkcs12(), "wrong", "wrong-password"),
        (PHONE.pkcs12()[:-40], PASSWORD, "unreadable"),
        ((PHONE.certificate_pem + RSA.key_pem()).encode(), "", "key-mismatch"),
        (Identity("old", CA, days=(-9, -1)).pem(), "", "expired"),
        (Identity("early", CA, days=(1, 9)).pem(), "", "not-yet-valid"),
        (Identity("server", CA, purposes=(SERVER_AUTH,)).pem(), "", "not-for-clients"),
    ],
)
def test_other_files_are_refused_by_name(data: bytes, password: str, code: str) -> None:
    with pytest.raises(ClientCertificateError) as caught:
        read_client_certificate(data, password, now=NOW)
    assert caught.value.code == code
    assert "MI" not in str(caught.value)
    assert "wrong" not in str(caught.value) or code == "wrong-password"


def test_a_certificate_without_a_key_in_pkcs12_is_refused() -> None:
    data = pkcs12.serialize_java_truststore([pkcs12.PKCS12Certificate(CA.certificate, None)], _slow(2048))
    with pytest.raises(ClientCertificateError, match="no private key"):
        read_client_certificate(data, PASSWORD, now=NOW)


def test_an_expired_certificate_is_named_with_its_date() -> None:
    day = (NOW - timedelta(days=1)).date().isoformat()
    with pytest.raises(ClientCertificateError, match=day):
        read_client_certificate(Identity("old", CA, days=(-9, -1)).pem(), now=NOW)


def _slow(rounds: int):
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(rounds).hmac_hash(hashes.SHA256())
    return builder.build(PASSWORD.encode())


def _renamed_rounds(data: bytes, rounds: int) -> bytes:
    """The file demanding other rounds of its last derivation (the MAC), without computing them."""
    at = data.rindex(b"\x02\x02\x08\x00")  # 2048
    return data[:at] + b"\x02\x02" + rounds.to_bytes(2, "big") + data[at + 4 :]


@pytest.mark.parametrize("wrap", [lambda data: data, in_ber])
def test_rounds_are_counted_before_they_are_computed(wrap) -> None:
    data = PHONE.pkcs12()
    assert demanded_rounds(wrap(_renamed_rounds(data, 2049))) == demanded_rounds(data) + 1
    assert demanded_rounds(PHONE.pkcs12("")) == 2048  # the MAC's


def test_a_file_that_demands_hours_is_refused_at_once() -> None:
    data = PHONE.pkcs12()
    at = data.rindex(b"\x02\x02\x08\x00")
    mac = data[at:]
    hours = b"\x02\x04\x7f\xff\xff\xff" + mac[4:]
    bomb = _longer(data[:at], 2) + hours
    started = time.monotonic()
    with pytest.raises(ClientCertificateError) as caught:
        read_client_certificate(bomb, PASSWORD, now=NOW)
    assert caught.value.code == "too-slow"
    assert time.monotonic() - started < 1
    assert demanded_rounds(bomb) > MAX_ROUNDS


def _longer(head: bytes, by: int) -> bytes:
    """The start of a file whose outer sequence and last one are longer by two bytes."""
    length = int.from_bytes(head[2:4], "big") + by
    head = head[:2] + length.to_bytes(2, "big") + head[4:]
    at = head.rindex(b"\x30", 0, len(head) - 60)  # MacData
    return head[: at + 1] + bytes([head[at + 1] + by]) + head[at + 2 :]


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x03\x02\x01\x03", b"\x02\x01\x03", b"\x30\x84\xff\xff\xff\xff"])
def test_only_a_sequence_with_version_3_is_pkcs12(data: bytes) -> None:
    assert is_pkcs12(data) == (data == b"\x30\x03\x02\x01\x03")


def test_nesting_ends() -> None:
    data = b"\x04\x00"
    for _level in range(40):
        data = b"\x30" + bytes([len(data)]) + data if len(data) < 120 else data
    assert demanded_rounds(data) == 0
    with pytest.raises(ValueError, match="too many"):
        demanded_rounds(b"\x05\x00" * 20_001)
