"""Reads the site's certificate from the connections of the other requests, without a handshake of its own."""

from __future__ import annotations

from collections.abc import Iterable

from rollout.compatibility.observation import Tls
from rollout.http_client.redaction import clean
from rollout.http_client.reply import Reply, TlsFailure

# OpenSSL's X509_V_ERR_* codes: certificate has expired; host name, e-mail and IP address mismatch.
EXPIRED = (10,)
WRONG_HOST = (62, 63, 64)
_BY_CODE = {"client_certificate": "client_certificate", "http2_only": "http2_only", "tls_version": "old_protocol"}


def tls_facts(base_url: str, replies: Iterable[Reply]) -> Tls:
    """Return ``valid`` if any verified connection was made, else why the handshake failed."""
    if base_url.lower().startswith("http:"):
        return Tls("plain")
    failure: TlsFailure | None = None
    for reply in replies:
        if certificate := reply.certificate:
            issuer = clean(certificate.issuer, 200) if certificate.issuer else None
            return Tls(
                "valid",
                protocol=certificate.protocol,
                issuer=issuer,
                expires_at=certificate.expires_at,
                trust=certificate.trust,
                chain=certificate.chain,
            )
        failure = failure or reply.tls_failure
    if failure is None:
        return Tls("unreachable")
    own = failure.chain[0] if failure.chain else None
    return Tls(
        _kind(failure),
        issuer=clean(own.issuer, 200) if own else None,
        expires_at=own.expires_at if own else None,
        detail=failure.detail,
        chain=failure.chain,
    )


def _kind(failure: TlsFailure) -> str:
    if failure.verify_code is None:
        return _BY_CODE.get(failure.code, "error")
    if failure.verify_code in EXPIRED:
        return "expired"
    return "wrong_host" if failure.verify_code in WRONG_HOST else "untrusted"
