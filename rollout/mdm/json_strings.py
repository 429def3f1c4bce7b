"""Strings of JSON, with straight or other quotes. Pure; takes linear time."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from rollout.formats.site_cells import shown

from .json_tokens import AddFault, Rewrite, Unreadable

# A surrogate pair is one escape.
ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.?)", re.DOTALL)
HTML_QUOTE = re.compile(r"&(?:amp;)*(?:quot|#0*34|#x0*22|apos|#0*39|#x0*27|[lr][sd]quo);", re.IGNORECASE)

_PLAIN = re.compile(r'"([^"\\\x00-\x1f]*+)"')
_STRAIGHT = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_AFTER = re.compile("[\\s\u200b-\u200f\u2060\ufeff\u00ad]*+(?:[:,;}\\]：，]|\\Z|//|/\\*|#)")
_CONTROL = re.compile(r"[\x00-\x1f]")
_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SMART = "“”„‟«»″＂"
_CLOSERS = {
    **dict.fromkeys(_SMART, f'{_SMART}"'),
    **dict.fromkeys("‘’‚‛", "‘’‚‛'"),
    "'": "'’",
    "`": "`´'",
    "´": "`´'",
    '"': f'"{_SMART}',
}
_BEFORE_NEXT = {True: r"(?=\s*(?::|=|：|\Z))", False: r"(?=\s*(?:[,;}\]]|\Z))"}
_CLOSING = {
    (opener, is_key): re.compile(rf"(?<!\\)[{closers}]{lookahead}")
    for opener, closers in _CLOSERS.items()
    for is_key, lookahead in _BEFORE_NEXT.items()
}


class Text(NamedTuple):
    value: str
    end: int  # offset after the closing quote


def read_text(text: str, at: int, *, is_key: bool, fault: AddFault) -> Text:
    """Return the string that starts at an offset. Raises Unreadable if it is not closed, or Rewrite."""
    quote = text[at]
    if quote == '"':
        if (match := _PLAIN.match(text, at)) and _AFTER.match(text, match.end()):
            return Text(match[1], match.end())
        return _straight(text, at, is_key, fault)
    if quote == "&":
        if match := HTML_QUOTE.match(text, at):
            raise Rewrite("html-escaped", at, found=match[0])
        raise Unreadable("not-json", at, found="&")
    if quote == "\\":
        if text.startswith('\\"', at):
            raise Rewrite("escaped-quotes", at)
        raise Unreadable("not-json", at, found="\\")
    kind = "single-quotes" if quote == "'" else "backtick-quotes" if quote in "`´" else "typographic-quotes"
    fault(kind, at, found=quote)
    return _until(text, at, is_key, fault)


def _straight(text: str, at: int, is_key: bool, fault: AddFault) -> Text:
    if text.startswith('""', at) and re.match(r"[A-Za-z]", text[at + 2 : at + 3]):
        raise Rewrite("doubled-quotes", at)
    match = _STRAIGHT.match(text, at)
    if match and _AFTER.match(text, match.end()):
        return Text(decoded(text, at + 1, match.end() - 1, fault), match.end())
    if match and is_key and re.match(r"\s*(?:=|：|[\"'])", text[match.end() : match.end() + 40]):
        return Text(decoded(text, at + 1, match.end() - 1, fault), match.end())
    if (
        match
        and not is_key
        and re.match(r"\s*[\"'\[{]", text[match.end() : match.end() + 40])
        and _ends_line(text, match.end())
    ):
        return Text(decoded(text, at + 1, match.end() - 1, fault), match.end())
    return _until(text, at, is_key, fault)


def _ends_line(text: str, at: int) -> bool:
    """Whether a line break or white space follows: then a comma is missing, and the quote does close the string."""
    return text[at : at + 1].isspace()


def _until(text: str, at: int, is_key: bool, fault: AddFault) -> Text:
    """Return the string up to the first quote that a separator follows."""
    closing = _CLOSING[text[at], is_key].search(text, at + 1)
    if closing is None:
        raise Unreadable("cut-off", at)
    raw = text[at + 1 : closing.start()]
    if text[at] == '"':
        if closing[0] != '"':
            fault("typographic-quotes", closing.start(), found=closing[0])
        elif '"' in raw.replace('\\"', ""):
            fault("inner-quotes", at)
    return Text(decoded(text, at + 1, closing.start(), fault), closing.end())


def decoded(text: str, start: int, end: int, fault: AddFault) -> str:
    """Return the text between two quotes with its escapes replaced."""
    raw = text[start:end]
    if control := _CONTROL.search(raw):
        if control[0] in "\r\n" and raw[: control.start()].endswith("="):
            raise Unreadable("quoted-printable", start + control.start())
        fault("control-character", start + control.start(), found=f"U+{ord(control[0]):04X}")
    if "\\" not in raw:
        return raw

    def replace(match: re.Match[str]) -> str:
        char = character(match[0])
        if char is None:
            fault("invalid-escape", start + match.start(), found=shown(match[0]), repaired=match[0] == "\\'")
        return match[0][1:] if char is None else char

    return ESCAPE.sub(replace, raw)


def character(escape: str) -> str | None:
    """Return the character of a JSON escape, None if JSON does not have it."""
    if len(escape) == 2:
        return _SIMPLE.get(escape[1])
    return str(json.loads(f'"{escape}"')) if escape[1:2] == "u" else None
