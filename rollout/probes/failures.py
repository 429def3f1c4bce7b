"""Why there is no answer: library errors turned into a small vocabulary for people and rules."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import httpcore2

from rollout.compatibility.observation import Answer
from rollout.messages import gettext_noop as _

from .guard import AddressRefusedError, NameNotFoundError, PlainHttpRefusedError
from .redaction import clean
from .reply import Reply, TlsFailure

# The door's vocabulary: id → an English sentence for people (a message id for translation).
ERRORS: dict[str, str] = {
    "dns": _("The host name could not be resolved."),
    "refused": _("The host refused or dropped the connection."),
    "timeout": _("There was no complete answer in time."),
    "tls": _("A secure connection could not be made."),
    "blocked_address": _("The host name leads to an address that Gatepass may not connect to."),
    "not_https": _("The address is http; only https is asked."),
    "too_large": _("The answer was larger than Gatepass reads."),
    "too_many_redirects": _("The address redirects in a circle or too often."),
    "bad_answer": _("The answer was not valid HTTP."),
    "bad_url": _("The address is not a valid URL."),
}


class StoppedError(Exception):
    """Ends a fetch with a word of the vocabulary; ``detail`` is for the excerpt."""

    def __init__(self, error: str, detail: str = "", tls_failure: TlsFailure | None = None) -> None:
        super().__init__(error)
        self.error, self.detail, self.tls_failure = error, detail, tls_failure


# The first match decides. httpx2's own exceptions come from decoding only: the transport raises httpcore2's.
_ERROR_OF: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "timeout"),
    (httpcore2.TimeoutException, "timeout"),
    (NameNotFoundError, "dns"),
    (AddressRefusedError, "blocked_address"),
    (PlainHttpRefusedError, "not_https"),
    (ssl.SSLError, "tls"),
    (httpcore2.ConnectError, "refused"),
    (httpcore2.NetworkError, "refused"),
)


def failed(error: Exception) -> Reply:
    """A reply that says in the door's vocabulary why there is no answer."""
    stopped = next((cause for cause in _chain(error) if isinstance(cause, StoppedError)), None) or _named(error)
    answer = Answer("", "", datetime.now(UTC), error=stopped.error, excerpt=clean(stopped.detail, 200))
    return Reply(answer=answer, tls_failure=stopped.tls_failure)


def _named(error: Exception) -> StoppedError:
    failure = next((cause for cause in _chain(error) if isinstance(cause, ssl.SSLError)), None)
    if failure is not None:
        return _tls_stopped(failure)
    if isinstance(error, httpcore2.ReadError | httpcore2.WriteError):
        return StoppedError("refused", "the connection was dropped")
    word = next((word for kind, word in _ERROR_OF if isinstance(error, kind)), "bad_answer")
    return StoppedError(word, str(error) if word == "blocked_address" else "")


def _tls_stopped(failure: ssl.SSLError) -> StoppedError:
    if isinstance(failure, ssl.SSLCertVerificationError):
        detail = clean(failure.verify_message, 200)
        return StoppedError("tls", detail, TlsFailure(failure.verify_code, detail))
    detail = clean((failure.reason or "handshake failed").replace("_", " ").lower(), 200)
    return StoppedError("tls", detail, TlsFailure(None, detail))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from, at most ten deep."""
    for _depth in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
