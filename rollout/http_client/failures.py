"""Why a request failed: library errors reduced to a small set of codes for people and rules."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

from rollout.compatibility.observation import Answer
from rollout.message_ids import gettext_noop as _

from .decoding import TooLargeError, UndecodableError
from .guard import AddressRefusedError, NameNotFoundError, PlainHttpRefusedError
from .http1 import LimitError, NothingCameError
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
        "Gatepass is not allowed to connect to this private address. Add its network to PROBE_ALLOWED_NETWORKS."
    ),
    "not_https": _("The address uses http. Only https is allowed."),
    "too_large": _("The response is larger than Gatepass reads."),
    "too_many_redirects": _("The redirects form a loop or are too many."),
    "bad_answer": _("The response is not valid HTTP."),
    "bad_url": _("The URL is invalid."),
    "proxy": _("The outbound proxy is unreachable or did not connect."),
}


class StoppedError(Exception):
    """Ends a fetch with an error code; ``detail`` is for the excerpt."""

    def __init__(self, error: str, detail: str = "", tls_failure: TlsFailure | None = None) -> None:
        super().__init__(error)
        self.error, self.detail, self.tls_failure = error, detail, tls_failure


# The first match applies; any other invalid response is ``bad_answer``.
_ERROR_OF: tuple[tuple[type[BaseException], str], ...] = (
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
_TELLING = (AddressRefusedError, BadUrlError, ProxyFailedError, LimitError, UndecodableError)


def failed(error: Exception) -> Reply:
    """Return a reply with the error code of a failed request."""
    stopped = error if isinstance(error, StoppedError) else _named(error)
    answer = Answer("", "", datetime.now(UTC), error=stopped.error, excerpt=clean(stopped.detail, 200))
    return Reply(answer=answer, tls_failure=stopped.tls_failure)


def _named(error: Exception) -> StoppedError:
    if isinstance(error, TlsFailedError):
        return _tls_stopped(error)
    if isinstance(error, ssl.SSLError):  # after the handshake
        return StoppedError("refused", "the connection was dropped")
    if isinstance(error, NothingCameError):
        return StoppedError("refused" if error.__cause__ else "bad_answer", "the connection ended without an answer")
    word = next((word for kind, word in _ERROR_OF if isinstance(error, kind)), "bad_answer")
    return StoppedError(word, str(error) if isinstance(error, _TELLING) else "")


def _tls_stopped(failure: TlsFailedError) -> StoppedError:
    cause = failure.cause
    if isinstance(cause, ssl.SSLCertVerificationError):
        detail = clean(cause.verify_message, 200)
        return StoppedError("tls", detail, TlsFailure(cause.verify_code, detail, failure.chain))
    detail = clean((cause.reason or "handshake failed").replace("_", " ").lower(), 200)
    return StoppedError("tls", detail, TlsFailure(None, detail))
