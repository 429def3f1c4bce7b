"""X.509 certificates as plain facts: read off the wire, or pasted by an administrator. Pure.

Sources: RFC 5280 (the certificate), RFC 7468 (its textual encoding).
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

# Why a pasted bundle is refused: code → an English sentence for people (a message id for translation).
REFUSALS = {
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


class BundleRefusedError(ValueError):
    """The text is no CA bundle; ``code`` is a key of ``REFUSALS``."""

    def __init__(self, code: str) -> None:
        super().__init__(REFUSALS[code])
        self.code = code


def read_bundle(text: str) -> tuple[Certificate, ...]:
    """The certificates of a pasted PEM bundle, text between them ignored. Raises BundleRefusedError."""
    if len(text) > MAX_BUNDLE:
        raise BundleRefusedError("too-long")
    if _PRIVATE_KEY.search(text):
        raise BundleRefusedError("private-key")
    blocks, marks = _BLOCK.findall(text), _MARK.findall(text)
    if not marks:
        raise BundleRefusedError("no-certificate")
    if len(marks) != 2 * len(blocks):
        raise BundleRefusedError("incomplete")
    if len(blocks) > MAX_CERTIFICATES:
        raise BundleRefusedError("too-many")
    return tuple(_pasted(block) for block in blocks)


def bundle_text(text: str) -> str:
    """The certificates alone, as OpenSSL reads them: what stands around them may be in any language."""
    return "\n".join(f"-----BEGIN CERTIFICATE-----{block}-----END CERTIFICATE-----\n" for block in _BLOCK.findall(text))


def _pasted(block: str) -> Certificate:
    pem = f"-----BEGIN CERTIFICATE-----\n{block.strip()}\n-----END CERTIFICATE-----\n"
    try:
        found = read_certificate(ssl.PEM_cert_to_DER_cert(pem))
        # What cryptography reads, OpenSSL may still refuse, and it is OpenSSL that will use it.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ValueError, ssl.SSLError) as error:
        raise BundleRefusedError("unreadable") from error
    if found is None:
        raise BundleRefusedError("unreadable")
    return found


@lru_cache(maxsize=1024)
def read_certificate(der: bytes) -> Certificate | None:
    """The facts of one certificate; None for bytes that are none. A stranger made it, so nothing in it raises."""
    try:
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=_name(found.subject),
            issuer=_name(found.issuer),
            names=_alternative_names(found),
            not_before=found.not_valid_before_utc,
            expires_at=found.not_valid_after_utc,
            fingerprint=found.fingerprint(hashes.SHA256()).hex(),
        )
    except (ValueError, TypeError, x509.InvalidVersion, x509.UnsupportedGeneralNameType):
        return None


def _name(name: x509.Name) -> str:
    """The common name, else the organisation, else the whole name."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        if found := name.get_attributes_for_oid(oid):
            return _printable(str(found[0].value))
    return _printable(name.rfc4514_string())


def _alternative_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The host names and addresses it is for, the first fifty."""
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    if not isinstance(found, x509.SubjectAlternativeName):
        return ()
    names = [*found.get_values_for_type(x509.DNSName), *found.get_values_for_type(x509.IPAddress)]
    return tuple(_printable(str(name)) for name in names[:MAX_NAMES])


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:200]).strip()
