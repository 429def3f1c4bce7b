"""Read one line of a log as a request with its response.

Formats: combined (nginx, Apache, Traefik), Tomcat and Confluence, IIS (W3C), HAProxy, AWS load balancers, oauth2-proxy,
Authelia, JSON (Caddy, Traefik, nginx), logfmt, and a short form such as ``GET /x → 302``. Pure.
"""

from __future__ import annotations

import re

from .exchange import Exchange

MAX_LINE_LENGTH = 9_000
METHODS = r"GET|POST|HEAD|PUT|OPTIONS|DELETE|PATCH"
_METHOD = rf"(?P<method>{METHODS})"
_URL = r"(?P<url>\S{1,4000})"
_STATUS = r"(?P<status>[1-5]\d\d|999)"
_VERSION = r"HTTP/[\d.]{1,3}"
_VERBS = (
    r"→|->|=>|:|=|is|was|returns?|returned|gives?|gave|gets?|got|answers?|answered|responds?|responded|sends?"
    r"|liefert|gibt|ergibt|antwortet|renvoie|répond|donne|devuelve|responde|da|が|は|で"
)
_FILLERS = r"with|mit|avec|con|a|an|un|une|einen?|code|status|HTTP|error|Fehler|erreur|error"
_ARROWS = r"→|->|to|nach|vers|a"
_KNOWN_URL = (
    r"(?:https?://[^\s\"'<>,;]{1,400}|/(?:rest|wiki|confluence|plugins|login)[^\s\"'<>,;]{0,400}"
    r"|[^\s\"'<>,;=/]{0,40}info/login)"
)

_FORMATS = tuple(
    re.compile(pattern)
    for pattern in (
        rf'"{_METHOD} {_URL}(?: {_VERSION})?" {_STATUS}\b',
        rf"\b{_METHOD} {_URL} {_VERSION} {_STATUS}\b",
        rf'(?:[+-]?\d{{1,9}}/){{4}}[+-]?\d{{1,9}} {_STATUS} [^"\n]{{1,300}}"{_METHOD} {_URL}',
        rf' {_STATUS} (?:\d{{3}}|-) \d{{1,12}} \d{{1,12}} "{_METHOD} {_URL} {_VERSION}',
        rf"\b{_METHOD} (?P<url>/\S{{0,4000}}) \S{{1,4000}} \d{{1,5}} (?:\S{{1,2000}} ){{2,5}}?{_STATUS} "
        r"(?P<substatus>\d{1,3}) \d{1,12}\b",
        rf'\b{_METHOD} \S{{1,300}} "(?P<url>/\S{{0,4000}})" {_VERSION} "[^"\n]{{0,500}}" {_STATUS}\b',
        rf"Access to {_URL} \(method {_METHOD}\) is not authorized[^\n]{{0,200}}status code {_STATUS}"
        r"(?: with location redirect to (?P<location>\S{1,4000}))?",
        rf"(?:\b{_METHOD} )?(?P<url>{_KNOWN_URL})[ \t]{{1,4}}(?:(?:{_VERBS})[ \t]{{1,4}})?"
        rf"(?:(?:{_FILLERS})[ \t]{{1,4}}){{0,3}}"
        rf"{_STATUS}(?![\w.:/-])(?:[ \t]{{1,4}}(?:(?:{_ARROWS})[ \t]{{1,4}})?(?P<location>https?://\S{{1,2000}}))?",
    )
)
_FIELDS = {
    "method": re.compile(rf'"?\b(?:RequestMethod|request_method|method)"?\s?[:=]\s?"?({METHODS})\b'),
    "url": re.compile(
        r'"?\b(?:RequestPath|request_uri|requestURI|uri|path|url|request)"?\s?[:=]\s?"?'
        rf"(?:(?:{METHODS}) )?((?:https?:/)?/[^\s\"]{{0,4000}})"
    ),
    "status": re.compile(
        r'"?\b(?:DownstreamStatus|status_code|statusCode|response_code|status)"?\s?[:=]\s?"?([1-5]\d\d)\b'
    ),
}
# Sub-statuses of IIS that its log contains instead of a page, in the words of the page.
_IIS_PAGES = {
    "6": "403.6 The IP address was rejected",
    "7": "403.7 Client certificate required",
    "13": "403.13 Client certificate revoked",
    "16": "403.16 Client certificate is not trusted",
    "17": "403.17 Client certificate expired",
    "501": "403.501 Too many requests",
    "502": "403.502 Too many requests",
}
_NGINX_CERTIFICATE_STATUSES = frozenset({495, 496})
_ARCHIVE = re.compile(r'"response"\s{0,9}:\s{0,9}\{')  # an HTTP archive in one line
_LOOKS_LOGGED = re.compile(r"\b(?:GET|POST|HEAD|PUT|OPTIONS|DELETE|PATCH)\b|/(?:rest|info|login|wiki)\b|→|->|=>")


def read_log_line(line: str) -> Exchange | None:
    """Return the request of a log line with its status, or None. Lines over ``MAX_LINE_LENGTH`` are not read."""
    if len(line) > MAX_LINE_LENGTH or not _LOOKS_LOGGED.search(line):
        return None
    for pattern in _FORMATS:
        if match := pattern.search(line):
            return _exchange(match.groupdict())
    if _ARCHIVE.search(line):
        return None
    found = {name: pattern.search(line) for name, pattern in _FIELDS.items()}
    if found["url"] and found["status"]:
        return _exchange({name: match[1] for name, match in found.items() if match})
    return None


def _exchange(parts: dict[str, str | None]) -> Exchange:
    status = int(parts["status"] or 0)
    body = _IIS_PAGES.get(parts.get("substatus") or "", "") if status == 403 else ""
    if status in _NGINX_CERTIFICATE_STATUSES:
        body = "client certificate"
    location = parts.get("location")
    return Exchange(
        parts.get("method") or "", parts["url"] or "", status, {"location": location} if location else {}, body
    )
