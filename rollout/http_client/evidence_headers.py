"""Which response headers are stored as evidence, and how much of each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from .redaction import MASK, clean, excerpt, safe_url

MAX_VALUE = 200
MAX_EVIDENCE_HEADERS = 40


@lru_cache(maxsize=512)
def _text(value: str) -> str:
    return excerpt(value)


@lru_cache(maxsize=512)
def _plain(value: str) -> str:
    return clean(value, MAX_VALUE)


def _scheme(value: str) -> str:
    """``Basic``, ``Negotiate``: the rest may contain a challenge or a ticket."""
    return clean(value.split(None, 1)[0].rstrip(","), 40) if value.strip() else ""


def _cookie_name(value: str) -> str:
    return clean(value.partition("=")[0], 80)


def _present(value: str) -> str:
    return MASK if value else ""


# Lower-case name → the part of its value to store. Products and proxies are recognized by these headers.
EVIDENCE_HEADERS: dict[str, Callable[[str], str]] = {
    "server": _text,
    "via": _text,
    "content-type": _plain,
    "content-encoding": _plain,
    "date": _plain,
    "age": _plain,
    "retry-after": _plain,
    "location": safe_url,
    "www-authenticate": _scheme,
    "set-cookie": _cookie_name,
    "strict-transport-security": _plain,
    "mobile-app-disabled": _plain,
    "x-confluence-request-time": _plain,
    "x-confluence-cluster-node": _present,
    "x-arequestid": _plain,
    "x-anodeid": _present,
    "x-asen": _present,  # the license number
    "x-ausername": lambda value: "anonymous" if value.strip().lower() == "anonymous" else _present(value),
    "x-seraph-loginreason": _plain,
    "x-seraph-trusted-app-status": _plain,
    "x-authentication-denied-reason": _text,
    "x-powered-by": _text,
    "x-cache": _plain,
    "cf-ray": _present,
    "cf-mitigated": _plain,
    "x-amz-cf-id": _present,
    "x-iinfo": _present,  # Imperva
    "x-akamai-request-id": _present,
}


def select_headers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the selected headers of these, whose names are in lower case, in their original order, with masked,
    bounded values.
    """
    kept = [(name, value) for name, value in pairs if name in EVIDENCE_HEADERS][:MAX_EVIDENCE_HEADERS]
    return tuple([(name, EVIDENCE_HEADERS[name](value[:2000])) for name, value in kept])
