"""Parse a pasted, already redacted text: the requests of a trace, OAuth errors, the kind of text.

Pure; accepts any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

MAX_PASTE_LENGTH = 200_000
MAX_QUOTE_LENGTH = 160

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
_RECORDED_HEADERS = {"location", "content-type", "server", "www-authenticate", "mobile-app-disabled", "host"}

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
    """One request of a trace with its response; a part that the trace does not contain is empty or None."""

    method: str = ""
    url: str = ""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def other_host(self) -> str:
        """The host in Location, if it is not the host of the request."""
        target = _host(self.location)
        return target if target and target != _host(self.url) else ""

    @property
    def is_html(self) -> bool:
        return "html" in self.headers.get("content-type", "").lower()

    def __str__(self) -> str:
        """``GET https://wiki.example.com/x → 302 https://sso.example.com/``."""
        request = " ".join(part for part in (self.method, self.url) if part)
        response = " ".join(part for part in (str(self.status or ""), self.location) if part)
        return shorten(f"{request} → {response}" if request else response)


@dataclass(frozen=True)
class Paste:
    """A redacted text with its parsed content. ``kinds`` are keys of ``KINDS`` in the portal, most specific first."""

    text: str
    exchanges: tuple[Exchange, ...]
    errors: frozenset[str]
    kinds: tuple[str, ...]


def parse_paste(text: str) -> Paste:
    """Parse the first ``MAX_PASTE_LENGTH`` characters of a redacted text."""
    text = text[:MAX_PASTE_LENGTH]
    exchanges = (*_trace(text), *_archive(text))
    kinds = [name for name, pattern in _KINDS if pattern.search(text)]
    if exchanges and "archive" not in kinds:
        kinds.append("trace")
    return Paste(
        text, exchanges, frozenset(_ERROR_WORD.findall(text)), tuple(kinds or ["text"] if text.strip() else ())
    )


def shorten(text: str, limit: int = MAX_QUOTE_LENGTH) -> str:
    """Collapse whitespace and cut the text to ``limit`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _trace(text: str) -> list[Exchange]:
    """Requests and responses as written by curl -v, a raw dump, an access log or a check run, in order."""
    exchanges: list[Exchange] = []
    pending = Exchange(url=_command_url(text))
    is_answered = False
    for line in text.split("\n"):
        if len(line) > 9000:
            continue
        if logged := _LOGGED.search(line):
            exchanges.append(Exchange(logged[1], logged[2], int(logged[3])))
        elif request := _REQUEST.match(line):
            pending, is_answered = Exchange(request[1], _absolute(request[2], pending.url)), False
        elif status := _STATUS.match(line) or (_SHORT_STATUS.match(line) if pending.method else None):
            short = {"location": status[2]} if status.re is _SHORT_STATUS and status[2] else {}
            exchanges.append(replace(pending, status=int(status[1]), headers=short))
            is_answered = True
        elif (header := _HEADER.match(line)) and header[1].lower() in _RECORDED_HEADERS:
            name, value = header[1].lower(), header[2].strip()
            if is_answered and name != "host":
                exchanges[-1].headers.setdefault(name, value)
            elif name == "host" and pending.url.startswith("/"):
                pending = replace(pending, url=f"https://{value}{pending.url}")
    return exchanges


def _archive(text: str) -> list[Exchange]:
    """The entries of an HTTP archive, or of a part of one."""
    if "archive" not in {name for name, pattern in _KINDS if pattern.search(text)}:
        return []
    exchanges: list[Exchange] = []
    method = url = ""
    for match in _HAR.finditer(text):
        name, value = match[1], (match[2] or match[3] or "").replace("\\/", "/")
        if name == "method":
            method = value
        elif name == "url":
            url = value
        elif name == "status" and value.isdigit():
            exchanges.append(Exchange(method, url, int(value)))
        elif exchanges and value:
            exchanges[-1].headers.setdefault("location" if name == "redirectURL" else "content-type", value)
    return exchanges


def _command_url(text: str) -> str:
    command = _COMMAND.search(text)
    return command[1] if command else ""


def _absolute(path: str, command_url: str) -> str:
    """The path of a request line, with scheme and host of the curl command if the text contains one."""
    if not path.startswith("/") or not command_url.startswith("http"):
        return path
    return "/".join(command_url.split("/", 3)[:3]) + path


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
