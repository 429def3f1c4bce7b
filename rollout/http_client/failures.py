"""Why a request failed: library errors reduced to a small set of codes for people and rules."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime

from rollout.compatibility.observation import Answer
from rollout.message_ids import gettext_noop as _

from .byte_stream import ConnectionLostError
from .client_identity import ClientCertificateError
from .decoding import TooLargeError, UndecodableError, UnknownEncodingError
from .guard import AddressRefusedError, NameNotFoundError, PlainHttpRefusedError
from .handshakes import reason_of
from .http1 import Http2OnlyError, LimitError, NoResponseError
from .redaction import clean
from .reply import Reply, TlsFailure
from .request_urls import BadUrlError
from .transport import ConnectTimeoutError, ProxyFailedError, TlsFailedError

# Error code → an English sentence for people (a message id).
ERRORS: dict[str, str] = {
    "dns": _("The host name does not resolve."),
    "refused": _("The host refused the connection."),
    "reset": _("The host closed the connection before it responded."),
    "timeout": _("The response timed out."),
    "connect_timeout": _("No connection to the host was possible in time."),
    "tls": _("The TLS connection failed."),
    "client_certificate": _("The host requires a client certificate."),
    "http2_only": _("The host speaks HTTP/2 only. Phones can connect, but Gatepass cannot check it."),
    "tls_version": _("The host supports neither TLS 1.2 nor TLS 1.3, and phones accept no other version."),
    "blocked_address": _(
        "Gatepass is not allowed to connect to this address. "
        "If it is private, add its network to PROBE_ALLOWED_NETWORKS."
    ),
    "not_https": _("The address uses HTTP. Only HTTPS is allowed."),
    "too_large": _("The response is larger than Gatepass accepts."),
    "too_many_redirects": _("There is a redirect loop, or there are too many redirects."),
    "bad_answer": _("The response is not valid HTTP."),
    "encoding": _("The response is compressed in a way that Gatepass cannot read."),
    "bad_url": _("The URL is invalid."),
    "proxy": _("The outbound proxy is unreachable or did not connect."),
    "not_sent": _("The request was not sent, because an earlier one failed."),
}


class FetchError(Exception):
    """Ends a fetch with an error code; ``detail`` is for the excerpt."""

    def __init__(self, error: str, detail: str = "", tls_failure: TlsFailure | None = None) -> None:
        super().__init__(error)
        self.error, self.detail, self.tls_failure = error, detail, tls_failure


# The first match applies; any other invalid response is ``bad_answer``.
_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectTimeoutError, "connect_timeout"),
    (TimeoutError, "timeout"),
    (NameNotFoundError, "dns"),
    (AddressRefusedError, "blocked_address"),
    (PlainHttpRefusedError, "not_https"),
    (BadUrlError, "bad_url"),
    (ProxyFailedError, "proxy"),
    (TooLargeError, "too_large"),
    (UnknownEncodingError, "encoding"),
    (Http2OnlyError, "http2_only"),
    (ClientCertificateError, "client_certificate"),
    (NoResponseError, "reset"),
    (ConnectionLostError, "reset"),
    (ConnectionResetError, "reset"),  # right after it was made
    (OSError, "refused"),
)
# Our own text, which never quotes an untrusted server, except for the bounded name of an encoding.
_WITH_DETAIL = (
    AddressRefusedError, BadUrlError, ProxyFailedError, LimitError, TooLargeError, UndecodableError,
    UnknownEncodingError, Http2OnlyError, ClientCertificateError, NoResponseError, ConnectionLostError,
)  # fmt: skip

# The detail of a TlsFailure whose certificate names no host, so that only its common name could.
NO_ALTERNATIVE_NAME = "the certificate has no subject alternative name"
_HOST_MISMATCH = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH
# OpenSSL's reasons and the names of alerts (RFC 8446 section 6, RFC 7301) with a cause of their own.
_TLS_REASONS = {
    "certificate required": "client_certificate",
    "no application protocol": "http2_only",
    "protocol version": "tls_version",
    "unsupported protocol": "tls_version",
    "wrong ssl version": "tls_version",
}
# Alerts by which servers refuse a client certificate, or a missing one, after they asked for it.
_CERTIFICATE_ALERTS = frozenset(
    {
        "handshake failure", "bad certificate", "unsupported certificate", "certificate revoked",
        "certificate expired", "certificate unknown", "unknown ca", "access denied", "decrypt error",
    }
)  # fmt: skip


def error_reply(error: Exception) -> Reply:
    """Return a reply with the error code of a failed request."""
    failure = error if isinstance(error, FetchError) else _to_fetch_error(error)
    network = error.network if isinstance(error, AddressRefusedError) else ""
    detail = clean(failure.detail, 200)
    answer = Answer("", "", datetime.now(UTC), error=failure.error, excerpt=detail, blocked_network=network)
    return Reply(answer=answer, tls_failure=failure.tls_failure)


def _to_fetch_error(error: Exception) -> FetchError:
    if isinstance(error, TlsFailedError):
        return _tls_error(error)
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "bad_answer")
    return FetchError(code, str(error) if isinstance(error, _WITH_DETAIL) else "")


def _tls_error(error: TlsFailedError) -> FetchError:
    """The server's certificate first, then the alert, then a connection that ended without one."""
    cause, seen = error.cause, error.seen
    if isinstance(cause, ssl.SSLCertVerificationError):
        detail = clean(cause.verify_message, 200)
        if cause.verify_code in _HOST_MISMATCH and seen.chain and not seen.chain[0].names:
            detail = NO_ALTERNATIVE_NAME
        return FetchError("tls", detail, TlsFailure(cause.verify_code, detail, seen.chain))
    reason = reason_of(cause) if isinstance(cause, ssl.SSLError) else seen.alert if seen.wants_certificate else ""
    failure = TlsFailure(None, clean(reason, 200) or "the connection ended", seen.chain)
    code = _TLS_REASONS.get(reason, "tls" if reason else "reset")
    if seen.wants_certificate and seen.is_refused and (not reason or reason in _CERTIFICATE_ALERTS):
        code = "client_certificate"
    if code == "reset":
        return FetchError("reset", str(cause))
    detail = failure.detail
    if code == "client_certificate" and error.presented:
        detail = f"the host refused the client certificate: {detail}"
    return FetchError(code, detail, replace(failure, code=code))
