"""Parses pasted, already redacted text: requests and responses of a trace, kinds of text. Pure, total."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

LONGEST_PASTE = 200_000
LONGEST_QUOTE = 160

OAUTH_ERRORS = (
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
    "unsupported_response_type", "invalid_scope", "access_denied", "server_error", "temporarily_unavailable",
    "invalid_redirect_uri", "redirect_uri_mismatch", "invalid_token", "insufficient_scope",
)  # fmt: skip

_METHODS = r"GET|POST|HEAD|PUT|OPTIONS|DELETE|PATCH"
_REQUEST = re.compile(
    rf"[ \t>*$]{{0,8}}({_METHODS})[ \t]{{1,4}}(\S{{1,4000}})(?:[ \t]{{1,4}}HTTP/[\d.]{{1,3}})?[ \t]{{0,8}}\Z"
)
_STATUS = re.compile(r"[ \t<*]{0,8}HTTP/[\d.]{1,3}[ \t]{1,4}(\d{3})\b")
_SHORT_STATUS = re.compile(r"[ \t]{0,8}([1-5]\d{2})(?:[ \t]{1,4}(?:→|->)[ \t]{1,4}(\S{1,4000}))?[ \t]{0,8}\Z")
_HEADER = re.compile(r"[ \t<>*]{0,8}([A-Za-z][\w-]{1,40}):[ \t]{0,8}(.*)\Z")
_LOGGED = re.compile(rf'"({_METHODS}) (\S{{1,4000}}) HTTP/[\d.]{{1,3}}" (\d{{3}})\b')
_COMMAND = re.compile(r"""\bcurl\b[^\n]{0,400}?(https?://[^\s'"]{1,2000})""")
_HAR = re.compile(
    r'"(method|url|status|redirectURL|mimeType)"\s{0,9}:\s{0,9}(?:"((?:[^"\\]|\\.){0,4000})"|(\d{3})\b)', re.S
)
_ERROR_WORD = re.compile(rf"(?<![\w-])(?:{'|'.join(OAUTH_ERRORS)})(?![\w-])")
_KEPT = {"location", "content-type", "server", "www-authenticate", "mobile-app-disabled", "host"}

_KINDS = (
    ("site_list", re.compile(r"""["']baseURL["']|<key>\s{0,9}sites\s{0,9}</key>""", re.I)),
    ("archive", re.compile(r'"request"\s{0,9}:\s{0,9}\{|"redirectURL"')),
    ("redirect", re.compile(r"[?&#]error=[a-z_]", re.I)),
    ("oauth_json", re.compile(r"""["']error["']\s{0,9}:\s{0,9}["'][a-z_]{3,60}["']""")),
    ("tls", re.compile(r"certificate|\bSSL\b|\bTLS\b|ERR_CERT_|PKIX", re.I)),
    ("page", re.compile(r"<html|<!doctype html|<title", re.I)),
)


@dataclass(frozen=True)
class Exchange:
    """One request of a trace with its response; missing parts are empty or None."""

    method: str = ""
    url: str = ""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def other_host(self) -> str:
        """The host of a redirect, if it differs from the requested one."""
        asked, there = _host(self.url), _host(self.location)
        return there if there and there != asked else ""

    @property
    def is_html(self) -> bool:
        return "html" in self.headers.get("content-type", "").lower()

    def __str__(self) -> str:
        """``GET https://wiki.example.com/x → 302 https://sso.example.com/``."""
        asked = " ".join(part for part in (self.method, self.url) if part)
        answered = " ".join(part for part in (str(self.status or ""), self.location) if part)
        return shorten(f"{asked} → {answered}" if asked else answered)


@dataclass(frozen=True)
class Paste:
    """A redacted text and its parsed content. ``kinds`` are keys of ``portal``'s page, most specific first."""

    text: str
    exchanges: tuple[Exchange, ...]
    errors: frozenset[str]
    kinds: tuple[str, ...]


def read(text: str) -> Paste:
    """Parse the redacted text; anything past ``LONGEST_PASTE`` is ignored."""
    text = text[:LONGEST_PASTE]
    exchanges = (*_trace(text), *_archive(text))
    kinds = [name for name, pattern in _KINDS if pattern.search(text)]
    if exchanges and "archive" not in kinds:
        kinds.append("trace")
    return Paste(
        text, exchanges, frozenset(_ERROR_WORD.findall(text)), tuple(kinds or ["text"] if text.strip() else ())
    )


def shorten(text: str, limit: int = LONGEST_QUOTE) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _trace(text: str) -> list[Exchange]:
    """Yield requests and responses as curl -v, a raw dump, an access log or a check run writes them, in order."""
    found: list[Exchange] = []
    asked = Exchange(url=_of_command(text))
    is_answered = False
    for line in text.split("\n"):
        if len(line) > 9000:
            continue
        if logged := _LOGGED.search(line):
            found.append(Exchange(logged[1], logged[2], int(logged[3])))
        elif request := _REQUEST.match(line):
            asked, is_answered = Exchange(request[1], _absolute(request[2], asked.url)), False
        elif status := _STATUS.match(line) or (_SHORT_STATUS.match(line) if asked.method else None):
            short = {"location": status[2]} if status.re is _SHORT_STATUS and status[2] else {}
            found.append(replace(asked, status=int(status[1]), headers=short))
            is_answered = True
        elif (header := _HEADER.match(line)) and header[1].lower() in _KEPT:
            name, value = header[1].lower(), header[2].strip()
            if is_answered and name != "host":
                found[-1].headers.setdefault(name, value)
            elif name == "host" and asked.url.startswith("/"):
                asked = replace(asked, url=f"https://{value}{asked.url}")
    return found


def _archive(text: str) -> list[Exchange]:
    """Yield the entries of an HTTP archive, complete or partial."""
    if "archive" not in {name for name, pattern in _KINDS if pattern.search(text)}:
        return []
    found: list[Exchange] = []
    method = url = ""
    for match in _HAR.finditer(text):
        name, value = match[1], (match[2] or match[3] or "").replace("\\/", "/")
        if name == "method":
            method = value
        elif name == "url":
            url = value
        elif name == "status" and value.isdigit():
            found.append(Exchange(method, url, int(value)))
        elif found and value:
            found[-1].headers.setdefault("location" if name == "redirectURL" else "content-type", value)
    return found


def _of_command(text: str) -> str:
    command = _COMMAND.search(text)
    return command[1] if command else ""


def _absolute(path: str, command_url: str) -> str:
    """Return the path of a request line with the scheme and host of curl's command line, if pasted too."""
    if not path.startswith("/") or not command_url.startswith("http"):
        return path
    return "/".join(command_url.split("/", 3)[:3]) + path


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
