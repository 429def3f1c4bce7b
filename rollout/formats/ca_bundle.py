"""Which pasted certificates may vouch for a site: authorities, or a certificate that signed itself. Pure."""

from __future__ import annotations

from cryptography import x509

from rollout.message_ids import gettext_noop as _

from .certificates import BundleRefusedError, bundle_text, read_bundle

NO_AUTHORITY = _(
    "“%(subject)s” is neither a CA certificate nor self-signed, so it cannot verify a site. Paste the "
    "certificate of the CA that issued it, %(issuer)s."
)


class NoAuthorityError(ValueError):
    """A certificate of the bundle cannot vouch for another. ``values`` fill the places of ``NO_AUTHORITY``."""

    def __init__(self, subject: str, issuer: str) -> None:
        self.message, self.values = NO_AUTHORITY, {"subject": subject, "issuer": issuer}
        super().__init__(self.message % self.values)


def check_ca_bundle(text: str) -> int:
    """Return how many certificates the bundle holds. Raises BundleRefusedError or NoAuthorityError."""
    facts = read_bundle(text)
    try:
        certificates = x509.load_pem_x509_certificates(bundle_text(text).encode())
    except ValueError as error:
        raise BundleRefusedError("unreadable") from error
    for found, certificate in zip(facts, certificates, strict=True):
        if certificate.subject != certificate.issuer and not _is_authority(certificate):
            raise NoAuthorityError(found.subject, found.issuer)
    return len(certificates)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
