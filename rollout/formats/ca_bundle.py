"""Check the CA certificates of a site: each must be a certificate authority or self-signed. Pure."""

from __future__ import annotations

from cryptography import x509

from rollout.message_ids import gettext_noop as _

from .certificates import BundleError, bundle_text, read_bundle

NO_AUTHORITY = _(
    "“%(subject)s” is neither a CA certificate nor self-signed, so it cannot verify a site. Paste the "
    "certificate of the CA that issued it, %(issuer)s."
)


class NoAuthorityError(ValueError):
    """A certificate is neither an authority nor self-signed. ``values`` fill the placeholders of ``NO_AUTHORITY``."""

    def __init__(self, subject: str, issuer: str) -> None:
        self.message, self.values = NO_AUTHORITY, {"subject": subject, "issuer": issuer}
        super().__init__(self.message % self.values)


def check_ca_bundle(text: str) -> int:
    """Return the number of certificates in the bundle. Raises BundleError or NoAuthorityError."""
    parsed_bundle = read_bundle(text)
    try:
        certificates = x509.load_pem_x509_certificates(bundle_text(text).encode())
    except ValueError as error:
        raise BundleError("unreadable") from error
    for parsed, certificate in zip(parsed_bundle, certificates, strict=True):
        if certificate.subject != certificate.issuer and not _is_authority(certificate):
            raise NoAuthorityError(parsed.subject, parsed.issuer)
    return len(certificates)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
