"""The result of one fetch: the response to store as evidence, and the raw body and headers to read facts from."""

from __future__ import annotations

import codecs
import json
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urljoin

from rollout.compatibility.observation import Answer, Certificate

from .evidence_headers import EVIDENCE_HEADERS

__all__ = ["EVIDENCE_HEADERS", "PeerCertificate", "Reply", "TlsFailure", "certificate_of", "location_of", "text_of"]

REDIRECTS = (301, 302, 303, 307, 308)
# Only real character sets: Python also has codecs such as punycode that a hostile server must not select.
_CHARSET = re.compile(
    r"(?:utf-?8|utf-?16(?:[lb]e)?|utf-?32|(?:us-)?ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|koi8-[ru]"
    r"|shift_jis|euc-jp|iso-2022-jp|gb2312|gbk|gb18030|big5|euc-kr)\Z",
    re.I,
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class PeerCertificate:
    """The certificate of a verified TLS connection. ``trust``: ``system``, or ``site`` for the site's own bundle;
    ``chain`` is what the server sent, its own certificate first.
    """

    protocol: str | None
    issuer: str | None
    expires_at: datetime | None
    trust: str = "system"
    chain: tuple[Certificate, ...] = ()


@dataclass(frozen=True)
class TlsFailure:
    """Why TLS failed: OpenSSL's verify code (None if the server's certificate was not the reason), and its message or
    the name of the server's alert. ``chain`` are the certificates that the server sent, its own first; ``code`` is the
    error code of the request.
    """

    verify_code: int | None
    detail: str
    chain: tuple[Certificate, ...] = ()
    code: str = "tls"


@dataclass(frozen=True)
class Reply:
    """``answer`` is masked and safe to store; ``body``, ``headers`` and ``url`` are raw and must not be stored."""

    answer: Answer
    url: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)
    header_pairs: Sequence[tuple[str, str]] = field(default=(), repr=False)
    certificate: PeerCertificate | None = None
    tls_failure: TlsFailure | None = None

    @property
    def status(self) -> int | None:
        return self.answer.status

    @property
    def error(self) -> str | None:
        return self.answer.error

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Return headers with lower-case names; the last value of a repeated header."""
        return {name.lower(): value for name, value in self.header_pairs}

    def header_values(self, name: str) -> list[str]:
        """Return every value of a header, as ``Set-Cookie`` requires."""
        return [value for key, value in self.header_pairs if key.lower() == name.lower()]

    @cached_property
    def location(self) -> str | None:
        """Return the absolute, unmasked redirect target; None if the response is not a redirect."""
        return location_of(self.url, self.status, self.headers.get("location"))

    def text(self) -> str:
        """Return the body as text: by its byte order mark, else its declared character set, else UTF-8; never
        raises.
        """
        return self._text

    @cached_property
    def _text(self) -> str:
        return text_of(self.body, self.headers.get("content-type", ""))

    def json(self) -> Any:
        """Return the body as JSON, regardless of its content type.

        NaN and Infinity become None; the last of duplicate keys counts, as on the phone. Raises ValueError, also for
        JSON that is nested too deeply.
        """
        try:
            return json.loads(self.text().lstrip("\ufeff"), parse_constant=lambda _: None)
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def text_of(body: bytes, content_type: str) -> str:
    """Return a body, or the beginning of one, as text."""
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    declared = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type, re.I)
    charset = declared[1] if declared and _CHARSET.match(declared[1]) else "utf-8"
    try:
        return body.decode(charset, "replace")
    except (LookupError, UnicodeError):
        return body.decode("utf-8", "replace")


def location_of(url: str, status: int | None, target: str | None) -> str | None:
    """Return where a response to ``url`` redirects; None if it does not."""
    if target is None or status not in REDIRECTS:
        return None
    try:
        return urljoin(url, target)
    except ValueError:
        return target


def certificate_of(ssl_object: Any, trust: str, chain: tuple[Certificate, ...]) -> PeerCertificate:
    """Return the facts of a verified certificate: the first of ``chain``, read by OpenSSL if that could not be."""
    if chain:
        return PeerCertificate(ssl_object.version(), chain[0].issuer, chain[0].expires_at, trust, chain)
    peer = ssl_object.getpeercert() or {}
    return PeerCertificate(ssl_object.version(), _issuer(peer), _expiry(peer), trust, chain)


def _issuer(peer: Mapping[str, Any]) -> str | None:
    parts = {name: value for part in peer.get("issuer", ()) for name, value in part}
    return parts.get("commonName") or parts.get("organizationName")


def _expiry(peer: Mapping[str, Any]) -> datetime | None:
    """OpenSSL's ``Jun  1 12:00:00 2026 GMT`` as a datetime in UTC."""
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(peer["notAfter"]), tz=UTC)
    except (KeyError, ValueError, OverflowError):
        return None
