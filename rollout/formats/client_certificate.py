"""Read a client certificate with its private key: PEM, or PKCS #12 with its password. Pure.

Sources: RFC 7468 (PEM), RFC 7292 (PKCS #12), RFC 5280 section 4.2.1.12 (extended key usage). Errors repeat nothing of
the file and nothing of the password.
"""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from rollout.compatibility.observation import Certificate
from rollout.message_ids import gettext_noop as _

from .certificates import read_certificate
from .key_derivation import demanded_rounds, is_pkcs12

MAX_BYTES = 32_768  # an RSA key of 4096 bits with a chain of three needs about 10,000
MAX_CERTIFICATES = 10
MAX_PASSWORD = 200
MAX_ROUNDS = 3_000_000  # about two seconds

# Error code → message id.
ERRORS = {
    "empty": _("The file is empty."),
    "too-large": _("The file is larger than 32 KiB. Include only the certificate, its key and its intermediate CAs."),
    "unreadable": _("The file is neither PEM nor PKCS #12. Export the certificate with its private key again."),
    "no-key": _("The file contains no private key. Export the certificate together with its private key."),
    "no-certificate": _("The file contains no certificate. Export the private key together with its certificate."),
    "several-keys": _("The file contains more than one private key. Include only the key of this certificate."),
    "too-many": _("The file contains more than 10 certificates. Include only this one and its intermediate CAs."),
    "incomplete": _("A PEM block is incomplete. Include each one with its BEGIN and END lines."),
    "password-needed": _("The private key is encrypted. Enter its password."),
    "wrong-password": _("The password is wrong, or the file is damaged."),
    "too-slow": _("The file demands too many rounds of key derivation. Export it again with the default settings."),
    "unsupported": _("The file uses an unsupported encryption or key type. Use an RSA or elliptic curve key."),
    "key-mismatch": _("The private key does not belong to a certificate in the file. Export both together."),
    "expired": _("The certificate expired on %(date)s. Upload one that is valid."),
    "not-yet-valid": _("The certificate is valid only from %(date)s. Upload one that is valid today."),
    "not-for-clients": _("The certificate is not for client authentication: its extended key usage excludes it."),
}  # fmt: skip

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----.*?-----END \1-----", re.ASCII | re.DOTALL)
_MARK = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----", re.ASCII)
_KEY_LABELS = (b"PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"ENCRYPTED PRIVATE KEY")
_ANY_PURPOSE = x509.ObjectIdentifier("2.5.29.37.0")


class ClientCertificateError(ValueError):
    """The file is not a usable client certificate. ``code`` is a key of ``ERRORS``, ``values`` fill its message."""

    def __init__(self, code: str, **values: str) -> None:
        self.code, self.values, self.message = code, values, ERRORS[code]
        super().__init__(self.message % values)


@dataclass(frozen=True)
class ClientCertificate:
    """``pem``: the certificate, its intermediate CAs, and the unencrypted private key (PKCS #8). Secret."""

    certificate: Certificate
    intermediates: int
    pem: str = field(repr=False)


def read_client_certificate(data: bytes, password: str = "", *, now: datetime) -> ClientCertificate:
    """Return the certificate and key of a file. Raises ClientCertificateError.

    ``now`` is an aware datetime. A PEM file may hold further certificates in any order: the one that belongs to the key
    is used, and the others are sent as its intermediate CAs.
    """
    if not data.strip():
        raise ClientCertificateError("empty")
    if len(data) > MAX_BYTES:
        raise ClientCertificateError("too-large")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about BER and old encodings, which browsers still export
        try:
            key, certificates = _parse(data, password.encode())
            return _checked(key, certificates, now)
        except ClientCertificateError:
            raise
        except (UnsupportedAlgorithm, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as error:
            raise ClientCertificateError("unsupported") from error
        except (ValueError, TypeError) as error:  # parts of a certificate are parsed only when they are used
            raise ClientCertificateError("unreadable") from error


def _parse(data: bytes, password: bytes) -> tuple[Any, list[x509.Certificate]]:
    if _MARK.search(data):
        return _parse_pem(data, password)
    if is_pkcs12(data):
        return _parse_pkcs12(data, password)
    raise ClientCertificateError("no-key" if read_certificate(data) else "unreadable")


def _parse_pem(data: bytes, password: bytes) -> tuple[Any, list[x509.Certificate]]:
    blocks = list(_BLOCK.finditer(data))
    if len(_MARK.findall(data)) != 2 * len(blocks):
        raise ClientCertificateError("incomplete")
    keys = [block for block in blocks if block[1] in _KEY_LABELS]
    texts = [block[0] for block in blocks if block[1] == b"CERTIFICATE"]
    if not texts:
        raise ClientCertificateError("no-certificate")
    if len(keys) != 1:
        raise ClientCertificateError("several-keys" if keys else "no-key")
    if len(texts) > MAX_CERTIFICATES:
        raise ClientCertificateError("too-many")
    try:
        certificates = [x509.load_pem_x509_certificate(text + b"\n") for text in texts]
    except ValueError as error:
        raise ClientCertificateError("unreadable") from error
    return _pem_key(keys[0][0], keys[0][1], password), certificates


def _pem_key(block: bytes, label: bytes, password: bytes) -> Any:
    is_pkcs8 = label == b"ENCRYPTED PRIVATE KEY"
    is_encrypted = is_pkcs8 or b"Proc-Type: 4,ENCRYPTED" in block  # the second one is OpenSSL's own format
    if is_encrypted and not password:
        raise ClientCertificateError("password-needed")
    if is_pkcs8:
        _check_rounds(base64.b64decode(b"".join(block.splitlines()[1:-1])))
    try:
        return load_pem_private_key(block + b"\n", password if is_encrypted else None)
    except (ValueError, TypeError) as error:
        raise ClientCertificateError("wrong-password" if is_encrypted else "unreadable") from error


def _check_rounds(der: bytes) -> None:
    try:
        rounds = demanded_rounds(der)
    except ValueError as error:
        raise ClientCertificateError("unsupported" if str(error) == "scrypt" else "unreadable") from error
    if rounds > MAX_ROUNDS:
        raise ClientCertificateError("too-slow")


def _parse_pkcs12(data: bytes, password: bytes) -> tuple[Any, list[x509.Certificate]]:
    _check_rounds(data)
    bundle = _opened(data, password)
    if bundle.key is None:
        raise ClientCertificateError("no-key")
    own = [bundle.cert] if bundle.cert else []
    certificates = [entry.certificate for entry in [*own, *bundle.additional_certs]]
    if not certificates:
        raise ClientCertificateError("no-certificate")
    if len(certificates) > MAX_CERTIFICATES:
        raise ClientCertificateError("too-many")
    return bundle.key, certificates


def _opened(data: bytes, password: bytes) -> pkcs12.PKCS12KeyAndCertificates:
    """Open the file. Without a password, both an empty one and none are tried: programs mean different things by it."""
    attempts = [password] if password else [None, b""]
    for attempt in attempts:
        try:
            return pkcs12.load_pkcs12(data, attempt)
        except ValueError:
            continue
    raise ClientCertificateError("wrong-password" if password else "password-needed")


def _checked(key: Any, certificates: Sequence[x509.Certificate], now: datetime) -> ClientCertificate:
    public = _public_bytes(key.public_key())
    own = next((certificate for certificate in certificates if _public_bytes_of(certificate) == public), None)
    if own is None:
        raise ClientCertificateError("key-mismatch")
    parsed = read_certificate(own.public_bytes(Encoding.DER))
    if parsed is None or parsed.expires_at is None or parsed.not_before is None:
        raise ClientCertificateError("unreadable")
    if parsed.expires_at <= now:
        raise ClientCertificateError("expired", date=parsed.expires_at.date().isoformat())
    if parsed.not_before > now:
        raise ClientCertificateError("not-yet-valid", date=parsed.not_before.date().isoformat())
    if not _is_for_clients(own):
        raise ClientCertificateError("not-for-clients")
    others = [certificate for certificate in dict.fromkeys(certificates) if certificate != own]
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem = b"".join([own.public_bytes(Encoding.PEM), *(other.public_bytes(Encoding.PEM) for other in others), key_pem])
    return ClientCertificate(parsed, len(others), pem.decode("ascii"))


def _public_bytes(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def _public_bytes_of(certificate: x509.Certificate) -> bytes | None:
    try:
        return _public_bytes(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm):  # an intermediate CA with a key of an unknown type
        return None


def _is_for_clients(certificate: x509.Certificate) -> bool:
    """Whether servers accept it for client authentication. OpenSSL refuses it if an extended key usage excludes it."""
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except (x509.DuplicateExtension, ValueError):
        return False
    return any(usage in (ExtendedKeyUsageOID.CLIENT_AUTH, _ANY_PURPOSE) for usage in usages)
