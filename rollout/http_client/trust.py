"""Which CAs verify a certificate: the system's trust store, and in addition a site's own CA.

A context with a client certificate is cached by that certificate, so that a site's certificate is presented to no other
site.
"""

from __future__ import annotations

import ssl
import sys
from functools import lru_cache
from pathlib import Path

import truststore

from rollout.formats.certificates import bundle_text

from .client_identity import load_client_certificate

# Where distributions store CA certificates if OpenSSL's built-in location is empty.
_CA_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@lru_cache(maxsize=32)
def system_trust(client_certificate: str = "") -> ssl.SSLContext:
    """Return the system's trust store, so that CAs installed by an operator are included. Raises
    ClientCertificateError.

    Read once: where OpenSSL is the store, truststore would read the file again for every handshake.
    """
    if sys.platform in ("darwin", "win32"):
        return _configured(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client_certificate)
    context = _client_context(client_certificate)
    context.set_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"]:
        found = next((path for path in _CA_FILES if Path(path).is_file()), None)
        if found:
            context.load_verify_locations(cafile=found)
    return context


@lru_cache(maxsize=256)
def site_trust(ca_bundle: str, client_certificate: str = "") -> ssl.SSLContext:
    """Return a context with a site's own CAs only, used if the system's do not verify. Raises ssl.SSLError for invalid
    PEM, and ClientCertificateError.

    Any certificate of the bundle is an anchor, including intermediate ones and the server's own.
    """
    context = _client_context(client_certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=bundle_text(ca_bundle))
    return context


def unverified(client_certificate: str = "") -> ssl.SSLContext:
    """Return a new context that verifies nothing. No request is ever sent over such a connection."""
    context = _client_context(client_certificate)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _client_context(client_certificate: str) -> ssl.SSLContext:
    return _configured(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client_certificate)


def _configured(context: ssl.SSLContext, client_certificate: str) -> ssl.SSLContext:
    context.set_alpn_protocols(["http/1.1"])
    context.hostname_checks_common_name = False  # as on iOS, the names are in the subject alternative name only
    if client_certificate:
        load_client_certificate(context, client_certificate)
    return context
