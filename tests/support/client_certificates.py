"""Client certificates as organizations issue them: a CA, an identity with its key, and the files that hold both."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from .certificates import name

PASSWORD = "correct horse"
CLIENT_AUTH, SERVER_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


class Identity:
    """A certificate, its private key and the CA that issued it (itself without ``issuer``).

    ``days`` is the validity from now, ``purposes`` the extended key usage (None: no such extension).
    """

    def __init__(
        self,
        subject: str,
        issuer: Identity | None = None,
        *,
        ca: bool = False,
        days: tuple[float, float] = (-1, 30),
        purposes: tuple[x509.ObjectIdentifier, ...] | None = (CLIENT_AUTH,),
        key: Any = None,
    ) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.issuer = issuer or self
        now = datetime.now(UTC).replace(microsecond=0)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(issuer.certificate.subject if issuer else name(subject))
            .serial_number(x509.random_serial_number())
            .public_key(self.key.public_key())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if SERVER_AUTH in (purposes or ()):
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        if purposes is not None and not ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        self.certificate = builder.sign(self.issuer.key, hashes.SHA256())

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def key_pem(self, password: str = "", form: PrivateFormat = PrivateFormat.PKCS8) -> str:
        return self.key.private_bytes(Encoding.PEM, form, _encryption(password)).decode()

    def pem(self, password: str = "", form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
        """The certificate, then its key."""
        return (self.certificate_pem + self.key_pem(password, form)).encode()

    def pkcs12(self, password: str = PASSWORD, *chain: Identity) -> bytes:
        others = [each.certificate for each in chain]
        return pkcs12.serialize_key_and_certificates(
            b"phone", self.key, self.certificate, others, _encryption(password)
        )


def authority() -> Identity:
    return Identity("Example client CA", ca=True)


def _encryption(password: str) -> KeySerializationEncryption:
    return BestAvailableEncryption(password.encode()) if password else NoEncryption()
