"""Parses absolute http and https URLs strictly. Pure. RFC 3986; WHATWG URL for numeric hosts.

URLs that two parsers could read differently are rejected before a base URL is stored or a connection is made, so that
the host that the guard checks is always the host that is connected to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

DEFAULT_PORTS = {"https": 443, "http": 80}

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\\]*)([^?#\\]*)(\?[^#]*)?(#.*)?", re.ASCII)  # appendix B
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


class HttpUrlError(ValueError):
    """An invalid http or https URL.

    ``code`` is ``not-absolute``, ``scheme``, ``user-info``, ``port``, ``host-missing``, ``host``, ``host-numeric`` or
    ``host-ipv6``.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class HttpUrl:
    """The parts of a URL.

    ``scheme`` is in lower case, ``port`` is None if there is none. The rest is unchanged: ``host`` is meant for
    ``parse_host``, ``query`` includes the question mark, ``fragment`` the number sign.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str
    fragment: str


def split_http_url(text: str) -> HttpUrl:
    """Split a URL. Raises HttpUrlError, but does not validate the host, path and query."""
    match = _URL.fullmatch(text)
    if match is None:
        raise HttpUrlError("not-absolute")
    scheme, authority, path, query, fragment = match.groups(default="")
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise HttpUrlError("scheme")
    if "@" in authority:
        raise HttpUrlError("user-info")
    host, port = _split_port(authority)
    return HttpUrl(scheme, host, port, path, query, fragment)


def _split_port(authority: str) -> tuple[str, int | None]:
    """``("[::1]", 8443)`` of ``[::1]:8443``; the port is None if there is none."""
    host, colon, port = authority.rpartition(":")
    if not colon or "]" in port:
        return authority, None
    if not _PORT.fullmatch(port) or int(port) > 65535:
        raise HttpUrlError("port")
    return host, int(port)


@lru_cache(maxsize=1024)
def parse_host(text: str) -> str:
    """Return the host in lower case: a name of ASCII letters, an IPv4 address, or an IPv6 address without brackets.

    A name keeps its trailing dot, and may contain underscores, as some internal names do. Raises HttpUrlError. Cached.
    """
    host = text.lower()
    if host.startswith("[") or host.endswith("]") or ":" in host:
        return _ipv6(host)
    if not host:
        raise HttpUrlError("host-missing")
    name = host.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) and _is_decodable(label) for label in labels):
        raise HttpUrlError("host")
    # Browsers and resolvers read a host that ends in a number as an IPv4 address, also in octal, in hexadecimal or with
    # fewer parts, so only the usual form is accepted.
    return _ipv4(host) if _NUMBER.fullmatch(labels[-1]) else host


def _ipv6(host: str) -> str:
    if not (host.startswith("[") and host.endswith("]")) or "%" in host:
        raise HttpUrlError("host-ipv6")
    try:
        return str(IPv6Address(host[1:-1]))
    except AddressValueError:
        raise HttpUrlError("host-ipv6") from None


def _ipv4(host: str) -> str:
    try:
        return str(IPv4Address(host))
    except AddressValueError:
        raise HttpUrlError("host-numeric") from None


def _is_decodable(label: str) -> bool:
    if not label.startswith("xn--"):
        return True
    try:
        return bool(label[4:].encode("ascii").decode("punycode"))
    except UnicodeError:
        return False
