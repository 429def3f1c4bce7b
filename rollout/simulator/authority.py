"""A certificate authority for one fleet, created when the fleet starts and never stored.

OpenSSL reads the key of a server from a file, which only this user can read and which is deleted at once.
"""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .simulated_site import CertificateKind

DAY = timedelta(days=1)
OTHER_HOST = "wiki.other.example"
# The first and last day of a certificate's validity, relative to today.
_VALIDITY = {CertificateKind.EXPIRED: (-40, -1), CertificateKind.EXPIRING: (-1, 10)}
_KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


class Authority:
    """Issues the fleet's certificates. ``pem`` belongs in a site's CA bundle."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Simulated private authority")
        self._certificate = self._sign(self._name, self._key, kind=None)

    @cached_property
    def pem(self) -> str:
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server_context(self, kind: CertificateKind) -> ssl.SSLContext:
        """Return TLS settings with a new certificate of this kind for the loopback addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(_named(OTHER_HOST if kind is CertificateKind.WRONG_HOST else "localhost"), key, kind)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        parts = (
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            certificate.public_bytes(serialization.Encoding.PEM),
        )
        with tempfile.TemporaryDirectory(prefix="simulated-sites-") as folder:  # mode 0700
            path = Path(folder) / "server.pem"
            path.write_bytes(b"".join(parts))
            context.load_cert_chain(path)
        return context

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, kind: CertificateKind | None
    ) -> x509.Certificate:
        """A certificate for the key: one of this kind for a server, or with None the authority's own."""
        own = kind is CertificateKind.SELF_SIGNED
        signing_key = key if own else self._key
        since, until = _VALIDITY.get(kind, (-1, 365)) if kind else (-60, 3650)
        now = datetime.now(UTC).replace(microsecond=0)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if own else self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + since * DAY)
            .not_valid_after(now + until * DAY)
            .add_extension(x509.BasicConstraints(ca=kind is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
            .add_extension(_key_usage(authority=kind is None), critical=True)
        )
        if kind is not None:
            builder = builder.add_extension(_names(kind), critical=False).add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
        return builder.sign(signing_key, hashes.SHA256())


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _names(kind: CertificateKind) -> x509.SubjectAlternativeName:
    if kind is CertificateKind.WRONG_HOST:
        return x509.SubjectAlternativeName([x509.DNSName(OTHER_HOST)])
    addresses = [x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1")]
    return x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses])


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    wanted = {"key_cert_sign", "crl_sign"} if authority else {"digital_signature"}
    return x509.KeyUsage(**{name: name in wanted for name in _KEY_USAGES})
