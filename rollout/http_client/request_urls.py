"""Strict parsing of URLs, so that a server never sees another host than the one that was checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from rollout.http_url import DEFAULT_PORTS, HttpUrlError, parse_host, split_http_url

from .guard import AddressRefusedError, Destination

MAX_URL_LENGTH = 4000
_VISIBLE = re.compile(r"[!-~]*", re.ASCII)
_MESSAGES = {
    "not-absolute": "not an absolute URL",
    "scheme": "neither http nor https",
    "user-info": "contains a user name or password",
    "port": "invalid port",
    "host-missing": "invalid host",
    "host": "invalid host",
    "host-ipv6": "invalid IPv6 address",
}


class BadUrlError(ValueError):
    """An invalid URL; the message explains the reason."""


@dataclass(frozen=True)
class ParsedUrl:
    """A parsed URL: its target, and the values of the request line and the Host header."""

    destination: Destination
    target: str
    host_header: str


def parse_url(url: str) -> ParsedUrl:
    """Parse an http or https URL without user info. Raises BadUrlError, and AddressRefusedError for a disguised
    number.
    """
    if len(url) > MAX_URL_LENGTH or not _VISIBLE.fullmatch(url):
        raise BadUrlError("too long, or contains unsupported characters")
    try:
        parts = split_http_url(url)
        host = parse_host(parts.host)
    except HttpUrlError as error:
        if error.code == "host-numeric":
            raise AddressRefusedError("an IP address in an unusual notation") from error
        raise BadUrlError(_MESSAGES[error.code]) from error
    own_port = DEFAULT_PORTS[parts.scheme]
    port, path = parts.port or own_port, parts.path or "/"
    host_header = parts.host.lower() + ("" if port == own_port else f":{port}")
    return ParsedUrl(Destination(parts.scheme, host, port, path), path + parts.query, host_header)


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL, with the scheme's default port; ``("", "", None)`` for an invalid URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return "", "", None
    return parts.scheme, (parts.hostname or "").rstrip("."), port
