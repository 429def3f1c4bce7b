"""Which CAs verify a certificate: the system's trust store, and in addition a site's own CA."""

from __future__ import annotations

import ssl
import sys
from functools import lru_cache
from pathlib import Path

import truststore

from rollout.formats.certificates import bundle_text

# Where distributions store CA certificates if OpenSSL's built-in location is empty.
_CA_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@lru_cache(maxsize=1)
def system_trust() -> ssl.SSLContext:
    """Return the system's trust store, so that CAs installed by an operator are included.

    Read once: where OpenSSL is the store, truststore would read the file again for every handshake.
    """
    if sys.platform in ("darwin", "win32"):
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = _client_context()
    context.set_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"]:
        found = next((path for path in _CA_FILES if Path(path).is_file()), None)
        if found:
            context.load_verify_locations(cafile=found)
    return context


@lru_cache(maxsize=256)
def site_trust(ca_bundle: str) -> ssl.SSLContext:
    """Return a context with a site's own CAs only, used if the system's do not verify. Raises ssl.SSLError for invalid
    PEM.

    Any certificate of the bundle is an anchor, including intermediate ones and the server's own.
    """
    context = _client_context()
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=bundle_text(ca_bundle))
    return context


@lru_cache(maxsize=1)
def unverified() -> ssl.SSLContext:
    """Return a context that reads an unverified certificate. No request is ever sent over such a connection."""
    context = _client_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    return context
