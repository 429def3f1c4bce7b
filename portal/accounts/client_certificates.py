"""Sign-in with a client certificate that the reverse proxy has verified (setting ``CLIENT_CERTIFICATES``).

The headers are trusted only on a connection from ``TRUSTED_PROXIES``. The proxy must set both on every request, so that
a browser cannot send its own.
"""

from __future__ import annotations

from urllib.parse import unquote

from cryptography import x509
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.http import HttpRequest

from portal.models import User

from .proxies import PEER, is_trusted

VERIFIED, CERTIFICATE = "HTTP_X_CLIENT_CERT_VERIFY", "HTTP_X_CLIENT_CERT"
MAX_LENGTH = 16_384  # characters of an escaped certificate


def certified_person(request: HttpRequest) -> User | None:
    """Return the active person whom the verified certificate names, or None.

    Uses the e-mail addresses of the subject alternative name (RFC 8398), or else those of the subject (RFC 2985).
    """
    meta = request.META
    if not settings.CLIENT_CERTIFICATES or not is_trusted(meta.get(PEER, "")):
        return None
    if meta.get(VERIFIED) != "SUCCESS" or len(meta.get(CERTIFICATE, "")) > MAX_LENGTH:
        return None
    addresses = _addresses(unquote(meta.get(CERTIFICATE, "")))
    people = {person for address in addresses for person in User.objects.filter(email__iexact=address, is_active=True)}
    return people.pop() if len(people) == 1 else None  # an ambiguous certificate signs in no one


def _addresses(pem: str) -> list[str]:
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        return _alternative_names(certificate) or [
            str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
        ]
    except ValueError:
        return []


def _alternative_names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [address for address in extension.value.get_values_for_type(x509.RFC822Name) if "\x00" not in address]
