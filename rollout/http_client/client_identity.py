"""Client certificates: PEM texts of a certificate chain and its private key, checked and loaded for TLS handshakes."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from rollout.formats.certificates import bundle_text, read_certificate
from rollout.message_ids import gettext_noop as _

MAX_CLIENT_CERTIFICATE = 100_000

# Error code → message id.
CLIENT_CERTIFICATE_ERRORS = {
    "too-long": _("The client certificate is longer than 100,000 characters. Paste one certificate and its key."),
    "no-certificate": _(
        "The text contains no readable certificate. Paste it in PEM format, from -----BEGIN CERTIFICATE----- to "
        "-----END CERTIFICATE-----, with its private key."
    ),
    "no-key": _("The text contains no private key. Paste the key of the certificate in PEM format too."),
    "encrypted": _("The private key is protected by a password. Remove the password first, then paste the key."),
    "unreadable-key": _("The private key is unreadable. Export it again in PEM format and paste it unchanged."),
    "mismatch": _("The private key does not belong to any of the certificates."),
    "unusable": _("OpenSSL does not accept this certificate or key: it may be too weak."),
}


class ClientCertificateError(ValueError):
    """The text is not a client certificate with its key. ``code`` is a key of ``CLIENT_CERTIFICATE_ERRORS``."""

    def __init__(self, code: str) -> None:
        super().__init__(CLIENT_CERTIFICATE_ERRORS[code])
        self.code = code


def check_client_certificate(pem: str) -> tuple[str, datetime]:
    """Return the subject and the expiry of a client certificate. Raises ClientCertificateError, a ValueError.

    ``pem`` holds certificates, in any order, and the unencrypted private key of one of them. An expired certificate is
    no error.
    """
    chain, _key = _parse(pem)
    load_client_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), pem)
    read = read_certificate(chain[0].public_bytes(serialization.Encoding.DER))
    if read is None or read.expires_at is None:
        raise ClientCertificateError("no-certificate")
    return read.subject, read.expires_at


def load_client_certificate(context: ssl.SSLContext, pem: str) -> None:
    """Present this certificate in the handshakes of ``context``. Raises ClientCertificateError."""
    chain, key = _parse(pem)
    text = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain) + key
    try:
        with _private_file(text) as path:
            context.load_cert_chain(path)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ClientCertificateError("unusable") from error


def _parse(pem: str) -> tuple[list[x509.Certificate], bytes]:
    """Return the certificates, the key's own first, and the key as PEM."""
    if len(pem) > MAX_CLIENT_CERTIFICATE:
        raise ClientCertificateError("too-long")
    try:
        certificates = x509.load_pem_x509_certificates(bundle_text(pem).encode())
    except ValueError as error:
        raise ClientCertificateError("no-certificate") from error
    if "PRIVATE KEY-----" not in pem:
        raise ClientCertificateError("no-key")
    try:
        key = serialization.load_pem_private_key(pem[_key_position(pem) :].encode(), password=None)
    except TypeError as error:  # a password is needed
        raise ClientCertificateError("encrypted") from error
    except Exception as error:  # ValueError, UnsupportedAlgorithm, and others for hostile input
        raise ClientCertificateError("unreadable-key") from error
    public = _public(key.public_key())
    try:
        certificates.sort(key=lambda one: _public(one.public_key()) != public)
        is_own = _public(certificates[0].public_key()) == public
    except Exception as error:
        raise ClientCertificateError("no-certificate") from error
    if not is_own:
        raise ClientCertificateError("mismatch")
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificates, key.private_bytes(*form)


def _key_position(pem: str) -> int:
    return max(pem.rfind("-----BEGIN", 0, pem.index("PRIVATE KEY-----")), 0)


def _public(key: object) -> bytes:
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_bytes(*form)  # type: ignore[attr-defined]


@contextlib.contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    """Yield the path of a file that only this process reads: in memory on Linux, so that the key reaches no disk."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("client-certificate")
        try:
            os.write(descriptor, content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    descriptor, path = tempfile.mkstemp()
    try:
        os.write(descriptor, content)
        yield path
    finally:
        os.close(descriptor)
        os.unlink(path)
