"""Parse X.509 certificates that a server sends or an administrator pastes. Pure.

Sources: RFC 5280 (certificates), RFC 7468 (PEM).
"""

from __future__ import annotations

import re
import ssl
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtensionOID, NameOID

from rollout.compatibility.observation import Certificate
from rollout.message_ids import gettext_noop as _

MAX_BUNDLE = 100_000
MAX_CERTIFICATES = 20
MAX_NAMES = 50

# Error code → message id.
BUNDLE_ERRORS = {
    "too-long": _("The CA certificates are longer than 100,000 characters. Paste only those that this site needs."),
    "private-key": _(
        "This text contains a private key. Paste certificates only, and replace the key: it is no longer secret."
    ),
    "no-certificate": _(
        "The text contains no certificate. Paste it in PEM format, from -----BEGIN CERTIFICATE----- to "
        "-----END CERTIFICATE-----."
    ),
    "incomplete": _("A certificate is incomplete. Paste each one with its BEGIN and END lines."),
    "too-many": _("There are more than 20 certificates. Paste only the CA of this site's certificate."),
    "unreadable": _("A certificate is unreadable. Export it again in PEM format (Base64) and paste it unchanged."),
}
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----", re.ASCII)
_MARK = re.compile(r"-----(?:BEGIN|END) (?:[A-Z0-9]+ )*CERTIFICATE-----", re.ASCII)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----", re.ASCII)


class BundleError(ValueError):
    """The text is not a valid CA bundle. ``code`` is a key of ``BUNDLE_ERRORS``."""

    def __init__(self, code: str) -> None:
        super().__init__(BUNDLE_ERRORS[code])
        self.code = code


def read_bundle(text: str) -> tuple[Certificate, ...]:
    """Return the certificates of a pasted PEM bundle, ignoring other text. Raises BundleError."""
    if len(text) > MAX_BUNDLE:
        raise BundleError("too-long")
    if _PRIVATE_KEY.search(text):
        raise BundleError("private-key")
    blocks, marks = _BLOCK.findall(text), _MARK.findall(text)
    if not marks:
        raise BundleError("no-certificate")
    if len(marks) != 2 * len(blocks):
        raise BundleError("incomplete")
    if len(blocks) > MAX_CERTIFICATES:
        raise BundleError("too-many")
    return tuple(_parse_block(block) for block in blocks)


def bundle_text(text: str) -> str:
    """Return only the PEM blocks, as OpenSSL requires: the text around them can be non-ASCII."""
    return "\n".join(f"-----BEGIN CERTIFICATE-----{block}-----END CERTIFICATE-----\n" for block in _BLOCK.findall(text))


def _parse_block(block: str) -> Certificate:
    pem = f"-----BEGIN CERTIFICATE-----\n{block.strip()}\n-----END CERTIFICATE-----\n"
    try:
        certificate = read_certificate(ssl.PEM_cert_to_DER_cert(pem))
        # OpenSSL, which uses the certificate later, can reject one that cryptography accepts.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ValueError, ssl.SSLError) as error:
        raise BundleError("unreadable") from error
    if certificate is None:
        raise BundleError("unreadable")
    return certificate


@lru_cache(maxsize=1024)
def read_certificate(der: bytes) -> Certificate | None:
    """Return one certificate, or None if the bytes are not one. The input is untrusted, so this never raises."""
    try:
        parsed = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=_name(parsed.subject),
            issuer=_name(parsed.issuer),
            names=_alternative_names(parsed),
            not_before=parsed.not_valid_before_utc,
            expires_at=parsed.not_valid_after_utc,
            fingerprint=parsed.fingerprint(hashes.SHA256()).hex(),
        )
    except (ValueError, TypeError, x509.InvalidVersion, x509.UnsupportedGeneralNameType):
        return None


def _name(name: x509.Name) -> str:
    """Return the common name, or else the organization, or else the full name."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        if attributes := name.get_attributes_for_oid(oid):
            return _printable(str(attributes[0].value))
    return _printable(name.rfc4514_string())


def _alternative_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the first ``MAX_NAMES`` host names and IP addresses that the certificate is valid for."""
    try:
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    if not isinstance(extension, x509.SubjectAlternativeName):
        return ()
    names = [*extension.get_values_for_type(x509.DNSName), *extension.get_values_for_type(x509.IPAddress)]
    return tuple(_printable(str(name)) for name in names[:MAX_NAMES])


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:200]).strip()
