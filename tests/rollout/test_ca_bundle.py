"""A site's own authorities: certificates that can vouch for others are taken, everything else is refused in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rollout.ca_bundle import NoAuthorityError, check_ca_bundle
from rollout.certificates import BundleRefusedError

KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def pem(subject: str, issuer: str, *, ca: bool | None) -> str:
    """A certificate; ``ca`` None leaves the constraints out, as old self-signed ones do."""
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).serial_number(1)
    builder = builder.public_key(KEY.public_key()).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=9))
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


ROOT = pem("Example root", "Example root", ca=True)
LEAF = pem("wiki.example.com", "Example root", ca=False)
PRIVATE_KEY = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def test_it_works() -> None:
    assert check_ca_bundle(f"Our authorities\n{ROOT}\n{pem('Issuing', 'Example root', ca=True)}") == 2


def test_a_certificate_that_signed_itself_is_taken() -> None:
    assert check_ca_bundle(pem("old.example.com", "old.example.com", ca=None)) == 1


@pytest.mark.parametrize("ca", [False, None])
def test_a_server_certificate_vouches_for_nobody(ca: bool | None) -> None:
    with pytest.raises(NoAuthorityError, match=r"wiki\.example\.com.*Example root"):
        check_ca_bundle(ROOT + pem("wiki.example.com", "Example root", ca=ca))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no-certificate"),
        ("hello", "no-certificate"),
        (ROOT + PRIVATE_KEY, "private-key"),
        (ROOT[:-30], "incomplete"),
        (ROOT.replace("MII", "AAA", 1), "unreadable"),
        (ROOT * 21, "too-many"),
    ],
)
def test_anything_else_is_refused_and_not_repeated(text: str, code: str) -> None:
    with pytest.raises(BundleRefusedError) as caught:
        check_ca_bundle(text)
    assert caught.value.code == code
    assert "MI" not in str(caught.value)
