"""Read the requests and responses of a pasted text: curl, raw dumps, log lines and HTTP archives. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from .exchange import MAX_BODY_LENGTH, Exchange
from .log_lines import MAX_LINE_LENGTH, METHODS, read_log_line

_REQUEST = re.compile(
    rf"[ \t>*$]{{0,8}}({METHODS})[ \t]{{1,4}}(\S{{1,4000}})(?:[ \t]{{1,4}}HTTP/[\d.]{{1,3}})?[ \t]{{0,8}}\Z"
)
_STATUS = re.compile(r"[ \t<*]{0,8}HTTP/[\d.]{1,3}[ \t]{1,4}(\d{3})\b")
_SHORT_STATUS = re.compile(r"[ \t]{0,8}([1-5]\d{2})(?:[ \t]{1,4}(?:→|->)[ \t]{1,4}(\S{1,4000}))?[ \t]{0,8}\Z")
_HEADER = re.compile(r"[ \t<>*]{0,8}([A-Za-z][\w-]{1,40}):(?!//)[ \t]{0,8}(.*)\Z")
_BODY_LINE = re.compile(r"[ \t]{0,8}(?:<[a-z!?]|\{)", re.I)
_CURL_LINE = re.compile(r"[ \t]{0,2}(?:[*>{}] |[<>]$|curl:)")
_COMMAND = re.compile(r"""\bcurl\b[^\n]{0,400}?(https?://[^\s'"]{1,2000})""")
_HAR = re.compile(
    r'"(method|url|status|redirectURL|mimeType|text)"\s{0,9}:\s{0,9}(?:"((?:[^"\\]|\\.){0,8000})"|(\d{3})\b)'
    r'|"name"\s{0,9}:\s{0,9}"([\w-]{1,60})"\s{0,9},\s{0,9}"value"\s{0,9}:\s{0,9}"((?:[^"\\]|\\.){0,2000})"',
    re.S,
)
_ESCAPED = re.compile(r'\\([nrt/"\\])')
_UNESCAPED = {"n": "\n", "r": "", "t": " "}


def read_trace(text: str) -> list[Exchange]:
    """Return requests and responses as written by curl -v, a raw dump, a log or a check run, in order."""
    reader = _TraceReader(_command_url(text))
    for line in text.split("\n"):
        if len(line) <= MAX_LINE_LENGTH:
            reader.read(line)
    return reader.finished()


class _TraceReader:
    """Reads a trace line by line. ``body`` collects the lines of the last response's body, None before it begins."""

    def __init__(self, command_url: str) -> None:
        self.exchanges: list[Exchange] = []
        self.pending = Exchange(url=command_url)
        self.is_answered = False
        self.body: list[str] | None = None

    def read(self, line: str) -> None:
        if status := _STATUS.match(line) or (_SHORT_STATUS.match(line) if self.pending.method else None):
            short = {"location": status[2]} if status.re is _SHORT_STATUS and status[2] else {}
            self._next(replace(self.pending, status=int(status[1]), headers=short))
        elif request := _REQUEST.match(line):
            self._end_body()
            self.pending = Exchange(request[1], _absolute(request[2], self.pending.url))
            self.is_answered = False
        elif logged := read_log_line(line):
            self._next(logged)
        elif self.body is not None:
            self._read_body(line)
        elif self.is_answered and (not line.strip(" \t<") or _BODY_LINE.match(line)):
            self.body = [line] if line.strip(" \t<") else []
        elif header := _HEADER.match(line):
            self._read_header(header[1].lower(), header[2].strip())

    def finished(self) -> list[Exchange]:
        self._end_body()
        return self.exchanges

    def _next(self, exchange: Exchange) -> None:
        """Start the response of the pending request; a redirect before it names its URL."""
        self._end_body()
        if self.exchanges and self.is_answered and not exchange.method and (last := self.exchanges[-1]).location:
            exchange = replace(exchange, url=_absolute(last.location, last.url))
        self.exchanges.append(exchange)
        self.is_answered = True

    def _read_header(self, name: str, value: str) -> None:
        if name == "host" and self.pending.url.startswith("/"):
            self.pending = replace(self.pending, url=f"https://{value}{self.pending.url}")
        elif self.is_answered and name != "host":
            self.exchanges[-1].headers.setdefault(name, value)

    def _read_body(self, line: str) -> None:
        if _CURL_LINE.match(line):
            self._end_body()
        elif self.body is not None and sum(map(len, self.body)) < MAX_BODY_LENGTH:
            self.body.append(line)

    def _end_body(self) -> None:
        if self.body and self.exchanges:
            self.exchanges[-1] = replace(self.exchanges[-1], body="\n".join(self.body)[:MAX_BODY_LENGTH].strip())
        self.body = None


def read_archive(text: str) -> list[Exchange]:
    """Return the entries of an HTTP archive, or of a part of one."""
    exchanges: list[Exchange] = []
    method = url = ""
    in_response = False
    for match in _HAR.finditer(text):
        name, value = match[1] or match[4], _ESCAPED.sub(_unescape, match[2] or match[3] or match[5] or "")
        if name == "method" and match[1]:
            method, in_response = value, False
        elif name == "url" and match[1]:
            url = value
        elif name == "status" and match[1] and value.isdigit():
            exchanges.append(Exchange(method, url, int(value)))
            in_response = True
        elif in_response and name == "text" and match[1]:
            exchanges[-1] = replace(exchanges[-1], body=value)
        elif in_response and value:
            header = {"redirectURL": "location", "mimeType": "content-type"}.get(name, name.lower())
            exchanges[-1].headers.setdefault(header, value)
    return exchanges


def _unescape(match: re.Match[str]) -> str:
    return _UNESCAPED.get(match[1], match[1])


def _command_url(text: str) -> str:
    command = _COMMAND.search(text)
    return command[1] if command else ""


def _absolute(path: str, known_url: str) -> str:
    """A path with scheme and host of the known URL, if there is one."""
    if not path.startswith("/") or not known_url.startswith("http"):
        return path
    return "/".join(known_url.split("/", 3)[:3]) + path
