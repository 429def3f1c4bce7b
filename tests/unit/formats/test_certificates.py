"""CA bundles that administrators paste, and untrusted certificates of servers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from rollout.formats.certificates import BUNDLE_ERRORS, BundleError, bundle_text, read_bundle, read_certificate


def make(name: str = "Example root", extensions: tuple[x509.ExtensionType, ...] = ()) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 7)
    builder = builder.not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2035, 1, 1, tzinfo=UTC))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


ROOT = make()
PEM = ROOT.public_bytes(serialization.Encoding.PEM).decode()
DER = ROOT.public_bytes(serialization.Encoding.DER)


def test_it_works() -> None:
    (found,) = read_bundle(PEM)
    assert (found.subject, found.issuer) == ("Example root", "Example root")
    assert found.expires_at == datetime(2035, 1, 1, tzinfo=UTC)
    assert found.fingerprint == ROOT.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize(
    "text",
    [PEM * 2, PEM.replace("\n", "\r\n") + PEM, f"Wurzel\n{PEM}\n# 2\n{PEM}", PEM.replace("\n", "\n  ") + "\n\n" + PEM],
)
def test_several_certificates_with_text_between_them(text: str) -> None:
    assert len(read_bundle(text)) == 2
    assert bundle_text(text).isascii()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no-certificate"),
        ("nonsense", "no-certificate"),
        ("\x00", "no-certificate"),
        (PEM[:-30], "incomplete"),
        (PEM.replace("-----BEGIN CERTIFICATE-----", ""), "incomplete"),
        (PEM.replace("-----END CERTIFICATE-----", "-----END CERTIFICATE----"), "incomplete"),
        (PEM.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), "incomplete"),
        (PEM + PEM[:-30], "incomplete"),
        (PEM.replace("MII", "MI\x00I", 1), "incomplete"),
        (PEM.replace("MII", "MIé", 1), "incomplete"),
        (PEM[:200] + PEM[260:], "unreadable"),
        ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "unreadable"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "unreadable"),
        ("-----BEGIN CERTIFICATE-----\nA===A\n-----END CERTIFICATE-----", "unreadable"),
        (PEM * 21, "too-many"),
        ("x" * 100_001, "too-long"),
        (PEM + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "private-key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "private-key"),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----", "private-key"),
    ],
)
def test_invalid_bundles_are_rejected(text: str, code: str) -> None:
    with pytest.raises(BundleError) as caught:
        read_bundle(text)
    assert (caught.value.code, str(caught.value)) == (code, BUNDLE_ERRORS[code])


@given(st.binary(max_size=300) | st.integers(0, len(DER) - 1).map(lambda cut: DER[:cut]))
def test_no_bytes_raise(der: bytes) -> None:
    assert read_certificate(der) is None or read_certificate(der).fingerprint


@given(st.integers(0, len(DER) - 1), st.integers(0, 255))
def test_no_corrupted_certificate_raises(position: int, value: int) -> None:
    damaged = bytearray(DER)
    damaged[position] = value
    read_certificate(bytes(damaged))


def test_names_are_printable_and_bounded() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName(f"n{n}.example.com") for n in range(200)])
    found = read_certificate(make("a\x1b[31m" + "b" * 50, (names,)).public_bytes(serialization.Encoding.DER))
    assert found is not None
    assert found.subject.isprintable()
    assert len(found.names) == 50
