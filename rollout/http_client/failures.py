"""Why a request failed: library errors reduced to a small set of codes for people and rules."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

from rollout.compatibility.observation import Answer
from rollout.message_ids import gettext_noop as _

from .decoding import TooLargeError, UndecodableError
from .guard import AddressRefusedError, NameNotFoundError, PlainHttpRefusedError
from .http1 import LimitError, NoResponseError
from .redaction import clean
from .reply import Reply, TlsFailure
from .request_urls import BadUrlError
from .transport import ProxyFailedError, TlsFailedError

# Error code → an English sentence for people (a message id).
ERRORS: dict[str, str] = {
    "dns": _("The host name does not resolve."),
    "refused": _("The host refused or dropped the connection."),
    "timeout": _("The response timed out."),
    "tls": _("The TLS connection failed."),
    "blocked_address": _(
        "Gatepass is not allowed to connect to this address. "
        "If it is private, add its network to PROBE_ALLOWED_NETWORKS."
    ),
    "not_https": _("The address uses HTTP. Only HTTPS is allowed."),
    "too_large": _("The response is larger than Gatepass accepts."),
    "too_many_redirects": _("There is a redirect loop, or there are too many redirects."),
    "bad_answer": _("The response is not valid HTTP."),
    "bad_url": _("The URL is invalid."),
    "proxy": _("The outbound proxy is unreachable or did not connect."),
}


class FetchError(Exception):
    """Ends a fetch with an error code; ``detail`` is for the excerpt."""

    def __init__(self, error: str, detail: str = "", tls_failure: TlsFailure | None = None) -> None:
        super().__init__(error)
        self.error, self.detail, self.tls_failure = error, detail, tls_failure


# The first match applies; any other invalid response is ``bad_answer``.
_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "timeout"),
    (NameNotFoundError, "dns"),
    (AddressRefusedError, "blocked_address"),
    (PlainHttpRefusedError, "not_https"),
    (BadUrlError, "bad_url"),
    (ProxyFailedError, "proxy"),
    (TooLargeError, "too_large"),
    (OSError, "refused"),
)
# Our own text, which never quotes an untrusted server.
_WITH_DETAIL = (AddressRefusedError, BadUrlError, ProxyFailedError, LimitError, UndecodableError)


def error_reply(error: Exception) -> Reply:
    """Return a reply with the error code of a failed request."""
    failure = error if isinstance(error, FetchError) else _to_fetch_error(error)
    answer = Answer("", "", datetime.now(UTC), error=failure.error, excerpt=clean(failure.detail, 200))
    return Reply(answer=answer, tls_failure=failure.tls_failure)


def _to_fetch_error(error: Exception) -> FetchError:
    if isinstance(error, TlsFailedError):
        return _tls_error(error)
    if isinstance(error, ssl.SSLError):  # after the handshake
        return FetchError("refused", "the connection was dropped")
    if isinstance(error, NoResponseError):
        return FetchError("refused" if error.__cause__ else "bad_answer", "the connection closed without a response")
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "bad_answer")
    return FetchError(code, str(error) if isinstance(error, _WITH_DETAIL) else "")


def _tls_error(error: TlsFailedError) -> FetchError:
    cause = error.cause
    if isinstance(cause, ssl.SSLCertVerificationError):
        detail = clean(cause.verify_message, 200)
        return FetchError("tls", detail, TlsFailure(cause.verify_code, detail, error.chain))
    detail = clean((cause.reason or "handshake failed").replace("_", " ").lower(), 200)
    return FetchError("tls", detail, TlsFailure(None, detail))
