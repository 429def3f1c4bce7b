"""URLs as the door reads them: strictly, so that nobody behind it reads another host than the one that was judged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urlsplit

from .policy import AddressRefusedError, Place

MAX_URL = 4000
DEFAULT_PORTS = {"https": 443, "http": 80}
# A host is lower-case ASCII by now; an underscore is no host name, but in use inside companies.
_NAME = re.compile(r"(?=.{1,254}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?", re.ASCII)
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{0,5}))?", re.ASCII)
_VISIBLE = re.compile(r"[!-~]*", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_SHAPE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\\]*)((?:/[^?#\\]*)?)(\?[^#]*)?(#.*)?", re.ASCII)


class BadUrlError(ValueError):
    """Not a URL that the door takes; the words say why."""


@dataclass(frozen=True)
class Asked:
    """A URL taken apart: where it goes, and what the request line and the Host header say."""

    place: Place
    target: str
    host_header: str


def read_url(url: str) -> Asked:
    """An http or https URL without user info. Raises BadUrlError, and AddressRefusedError on a number in disguise."""
    if len(url) > MAX_URL or not _VISIBLE.fullmatch(url):
        raise BadUrlError("unusual characters or too long")
    shape = _SHAPE.fullmatch(url)
    if shape is None:
        raise BadUrlError("no absolute URL")
    scheme, authority, path, query = shape[1].lower(), shape[2].lower(), shape[3], shape[4] or ""
    if scheme not in DEFAULT_PORTS:
        raise BadUrlError("neither http nor https")
    if "@" in authority:
        raise BadUrlError("a user name or password")
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise BadUrlError("no valid host")
    port = int(found[2]) if found[2] else DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        raise BadUrlError("no valid port")
    shown_port = "" if port == DEFAULT_PORTS[scheme] else f":{port}"
    place = Place(scheme, _host(found[1]), port, path or "/")
    return Asked(place, (path or "/") + query, found[1] + shown_port)


@lru_cache(maxsize=1024)
def _host(text: str) -> str:
    """The host without brackets. Raises as ``read_url`` does."""
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except AddressValueError as error:
            raise BadUrlError("no valid IPv6 address") from error
    if not _NAME.fullmatch(text):
        raise BadUrlError("no valid host")
    # What ends in a number is an IPv4 address to a browser (WHATWG URL), and to the system's resolver in octal, hex or
    # fewer parts: only the one plain spelling is taken.
    if _NUMBER.fullmatch(text.rstrip(".").rpartition(".")[2]):
        try:
            return str(IPv4Address(text))
        except AddressValueError as error:
            raise AddressRefusedError("an unusual spelling of an address") from error
    return text


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL, the scheme's own port made explicit; ``("", "", None)`` for no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return "", "", None
    return parts.scheme, (parts.hostname or "").rstrip("."), port
