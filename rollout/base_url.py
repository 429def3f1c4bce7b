"""Parses the base URL of a site strictly and normalizes it. Pure.

A base URL is part of an MDM payload, of probes and of the address where people sign in. So different spellings of one
site become the same value, and a spelling that two parsers could read differently is rejected, not corrected.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from .http_url import DEFAULT_PORTS, HttpUrlError, parse_host, split_http_url
from .message_ids import gettext_noop as _

MAX_LENGTH = 500

REFUSALS = {
    "empty": _(
        "The base URL is empty. Enter the address that people open, for example https://confluence.example.com/wiki."
    ),
    "too-long": _(
        "The base URL is longer than 500 characters. Enter only the site's address, not the address of a page."
    ),
    "whitespace": _("The base URL contains a space or line break. Remove it."),
    "control-character": _("The base URL contains an invisible character. Type it instead of pasting it."),
    "backslash": _("The base URL contains a backslash. Use forward slashes: https://host/path."),
    "not-absolute": _("The base URL is incomplete. Start with https:// and the host name."),
    "scheme": _("The base URL does not start with https://. Enter a web address that does."),
    "http": _(
        "The base URL starts with http://. OAuth 2.0 requires HTTPS: turn on TLS and enter the https:// address."
    ),
    "user-info": _("The base URL contains a user name or password. Remove everything up to the @ sign."),
    "query": _("The base URL has a query, the part after the question mark. Remove it."),
    "fragment": _("The base URL has a fragment, the part after the # sign. Remove it."),
    "host-missing": _(
        "The base URL has no host name. Enter it after https://, for example https://confluence.example.com."
    ),
    "host": _(
        "The host name is invalid. Use letters, digits, hyphens and dots, with at most 63 characters between dots."
    ),
    "host-ambiguous": _(
        "The host name contains a letter that browsers interpret in two ways. Enter its encoded form, xn--…."
    ),
    "host-numeric": _(
        "The host is a number but not a valid IP address. Write four decimal numbers, such as 192.0.2.10."
    ),
    "host-ipv6": _(
        "The IPv6 address is invalid. Write it in square brackets and without a zone, such as [2001:db8::1]."
    ),
    "host-unusable": _("Phones cannot reach this address. Enter the address that people open in a browser."),
    "loopback": _("The host is this computer, which phones cannot reach. Enter the address that people open."),
    "port": _("The port is invalid. Use a number from 1 to 65535, or leave it out."),
    "path-doubled-slash": _("The path contains two slashes in a row. Keep one."),
    "path-dots": _("The path contains a . or .. segment. Enter the path as the browser shows it."),
    "path-character": _(
        "The path contains a character that is not allowed. Enter only the context path, such as /wiki."
    ),
    "percent-escape": _("The path contains an invalid percent escape. Enter only the context path, such as /wiki."),
}

# A semicolon is left out of RFC 3986's set: what follows it is a path parameter such as a pasted jsessionid.
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}", re.ASCII)
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+", re.ASCII)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_AMBIGUOUS = frozenset("ßς")  # IDNA 2003 and 2008 encode these to different hosts
_DELIMITERS = frozenset("[]:")


class BaseUrlError(ValueError):
    """An invalid base URL: ``code`` is stable, ``message`` an English message id that never contains the input."""

    def __init__(self, code: str, message: str = "") -> None:
        self.code = code
        self.message = message or REFUSALS[code]
        super().__init__(self.code, self.message)

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class BaseUrl:
    """A normalized base URL.

    ``host`` is a name of A-labels, or an IPv4 or IPv6 address without brackets. ``port`` is None if it is the scheme's
    default. ``path`` is empty, or starts with a slash and does not end in one.
    """

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    def __str__(self) -> str:
        return self.origin + self.path


def parse_base_url(text: str, *, allow_loopback_http: bool = False) -> BaseUrl:
    """Parse and normalize a base URL (RFC 3986 §6.2.2, RFC 5890).

    ``allow_loopback_http`` (for trials and tests) allows loopback hosts, with https or http; http is never allowed on
    other hosts. Raises BaseUrlError with one of the codes of ``REFUSALS``.
    """
    _reject_characters(text)
    try:
        parts = split_http_url(text)
        for code, present in (("fragment", parts.fragment), ("query", parts.query)):
            if present:
                raise BaseUrlError(code)
        host = _host(parts.host)
    except HttpUrlError as error:
        raise BaseUrlError(error.code) from None
    port = None if parts.port == DEFAULT_PORTS[parts.scheme] else parts.port
    url = BaseUrl(parts.scheme, host, port, _path(parts.path))
    if url.scheme == "http" and not (allow_loopback_http and url.is_loopback):
        raise BaseUrlError("http")
    if url.is_loopback and not allow_loopback_http:
        raise BaseUrlError("loopback")
    if len(str(url)) > MAX_LENGTH:  # encoding a host can make it longer
        raise BaseUrlError("too-long")
    return url


def is_loopback(host: str) -> bool:
    """Whether the normalized ``host`` is this machine: localhost (RFC 6761 §6.3), 127.0.0.0/8 or ::1."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _reject_characters(text: str) -> None:
    if not text or not text.strip():
        raise BaseUrlError("empty")
    if len(text) > MAX_LENGTH:
        raise BaseUrlError("too-long")
    for character in text:
        category = unicodedata.category(character)
        if character.isspace() or category[0] == "Z":
            raise BaseUrlError("whitespace")
        if category[0] == "C":  # control, format (bidi, zero width), surrogate, private use, unassigned
            raise BaseUrlError("control-character")
    if "\\" in text:
        raise BaseUrlError("backslash")


def _host(text: str) -> str:
    """The normalized host: a name of A-labels without the trailing dot, or an IP address."""
    host = parse_host(text if text.isascii() or ":" in text else _to_ascii(text)).removesuffix(".")
    if "_" in host:
        raise BaseUrlError("host")
    address = _address(host)
    if address is not None and (address.is_unspecified or address.is_multicast or address.is_link_local):
        raise BaseUrlError("host-unusable")
    return host


def _to_ascii(text: str) -> str:
    if _AMBIGUOUS & set(text.lower()):
        raise BaseUrlError("host-ambiguous")
    try:
        name = text.encode("idna").decode("ascii")
    except UnicodeError:
        raise BaseUrlError("host") from None
    if _DELIMITERS & set(name):  # IDNA maps their fullwidth forms to these
        raise BaseUrlError("host")
    return name


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """``host`` as an IP address, an IPv4-mapped one as IPv4; None for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _path(text: str) -> str:
    """The context path with escapes normalized (RFC 3986 §6.2.2) and the trailing slash removed."""
    if not _PATH.fullmatch(text):
        raise BaseUrlError("percent-escape" if "%" in _ESCAPE.sub("", text) else "path-character")
    _reject_escapes(text)
    path = _ESCAPE.sub(_normal_escape, text).rstrip("/")
    segments = path.split("/")[1:]
    if "" in segments:
        raise BaseUrlError("path-doubled-slash")
    if "." in segments or ".." in segments:
        raise BaseUrlError("path-dots")
    return path


def _reject_escapes(path: str) -> None:
    """Reject escapes that another server may decode differently: separators, invisible characters, invalid UTF-8."""
    try:
        decoded = [unquote(escapes, errors="strict") for escapes in _ESCAPES.findall(path)]
    except UnicodeError:
        raise BaseUrlError("percent-escape") from None
    if any(character in "/\\;%" or unicodedata.category(character)[0] in "CZ" for character in "".join(decoded)):
        raise BaseUrlError("percent-escape")


def _normal_escape(match: re.Match[str]) -> str:
    """``~`` for ``%7e`` and ``%C3`` for ``%c3``: unreserved characters plain, every other escape upper case."""
    character = chr(int(match[0][1:], 16))
    return character if character in _UNRESERVED else match[0].upper()
