"""Texts that contain an app configuration: encodings, code fences, rows of a console, settings in scripts. Pure."""

from __future__ import annotations

import base64
import binascii
import html
import re
from urllib.parse import unquote

from .found_lists import Found, Open, check_key, check_type, is_sites_key, open_value
from .json_strings import ESCAPE, character
from .source_text import SourceText

_FENCE = re.compile(r"(?:```|~~~)[\w+-]*[ \t]*\r?\n?")
_BASE64 = re.compile(r"(?:data:[\w./+-]*;base64,)?([A-Za-z0-9+/_\s-]{16,}+={0,2})\s*")
_URL_ENCODED = re.compile(r"(?:sites=)?%(?:5B|7B|3C|22)", re.IGNORECASE)
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_HTML_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|\w{1,31});")

_ROW = re.compile(r'^[ |]*"?[ ]*(site_?s?|sites?_?list)[ ]*"?[ ]*([\t,;|])[ ]*', re.IGNORECASE | re.MULTILINE)
_TYPE = re.compile(r'"?([A-Za-z]{3,12})"?[ ]*[\t,;|][ ]*')
_LABELS = re.compile(
    r"(?:configuration[ ]+)?key[ ]*[:\t\r\n]\s*(\S{1,40})\s+(?:value[ ]+)?type[ ]*[:\t\r\n]\s*(\w{1,40})\s+"
    r"(?:configuration[ ]+)?value[ ]*[:\t\r\n]\s*",
    re.IGNORECASE,
)
_QUOTED_CELL = re.compile(r'"((?:[^"]|"")*+)"')
_FIRST_CELL = re.compile(r'^[ |]*"?([\w.-][\w .-]{0,98})"?[ ]*[\t,;|]', re.MULTILINE)
_HEADERS = {"key", "configuration key", "name", "configuration name"}
_SETTING = re.compile(
    r"\bapp_?config_?key(_?type|_?value)?[\"']?\s*[=:]\s*(?:'((?:[^']|'')*+)'|\"((?:[^\"\\]|\\.)*+)\")",
    re.IGNORECASE | re.DOTALL,
)
_DOUBLED_QUOTES = re.compile("''")
_ENCODED_SETTING = re.compile(
    r"\bencoded_?setting_?xml[\"']?\s*[=:]\s*[\"']([A-Za-z0-9+/=\s]{16,}+)[\"']", re.IGNORECASE
)


def html_unescaped(source: SourceText) -> SourceText:
    return source.rewritten(_HTML_ENTITY, lambda match: html.unescape(match[0]))


def json_unescaped(source: SourceText) -> SourceText:
    return source.rewritten(ESCAPE, lambda match: character(match[0]) or match[0][1:])


def open_fence(source: SourceText, found: Found, open_text: Open) -> bool:
    """Read what stands between Markdown's code fences, or in backticks."""
    text = source.text
    fence = _FENCE.search(text, 0, 2000)
    if fence and not text.startswith(("[", "{", "<")):
        end = text.find(fence[0][:3], fence.end())
        inner = source.part(fence.end(), end if end >= 0 else len(text))
    elif text.startswith("`") and text.endswith("`") and text.strip("`").lstrip()[:1] in {"[", "{", "<"}:
        inner = source.part(1, len(text) - 1)
    else:
        return False
    found.faults.add("code-fence", source, fence.start() if fence else 0)
    open_text(inner, found)
    return True


def open_url_encoded(source: SourceText, found: Found, open_text: Open) -> bool:
    match = _URL_ENCODED.match(source.text)
    if not match:
        return False
    found.faults.add("url-encoded", source, 0)
    start = len("sites=") if match[0].lower().startswith("sites=") else 0
    decoded = source.part(start, len(source.text))
    if "+" in decoded.text and "%20" not in decoded.text:
        decoded = decoded.rewritten(re.compile(r"\+"), lambda _plus: " ")  # as HTML forms encode a space
    open_text(decoded.rewritten(_ESCAPES, lambda escapes: unquote(escapes[0])), found)
    return True


def base64_text(text: str) -> str | None:
    """Return the configuration that a text in base64 contains; None if it is something else."""
    match = _BASE64.fullmatch(text)
    if not match:
        return None
    digits = re.sub(r"\s+", "", match[1]).replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
        decoded = data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except (binascii.Error, UnicodeError):
        return None
    return decoded if decoded.lstrip()[:1] in {"<", "[", "{", '"'} else None


def open_base64(source: SourceText, found: Found, open_text: Open) -> bool:
    decoded = base64_text(source.text)
    if decoded is None:
        return False
    found.containers.append("base64")
    open_text(SourceText(decoded), found)
    return True


def open_rows(source: SourceText, found: Found, open_text: Open) -> bool:
    """Read the row of the key ``sites``, as consoles show it: key, type and value with tabs or commas between."""
    text = source.text
    labels = _LABELS.search(text, 0, 2000)
    if labels and is_sites_key(labels[1]):
        found.containers.append("rows")
        check_key(found, source, labels[1], labels.start(1))
        check_type(found, source, labels[2], labels.start(2))
        _open_cell(source, labels.end(), len(text), found, open_text)
        return True
    row = _ROW.search(text)
    if not row:
        return False
    start = row.end()
    if value_type := _TYPE.match(text, start):
        start = value_type.end()
    if text[start : start + 2].strip('" ')[:1] not in {"[", "{", "<"}:
        return False
    found.containers.append("rows")
    check_key(found, source, row[1], row.start(1))
    if value_type:
        check_type(found, source, value_type[1], value_type.start(1))
    end = text.find("\n", start)
    following = _FIRST_CELL.search(text, end) if end >= 0 else None
    end = following.start() if following else len(text)
    end = _open_cell(source, start, end, found, open_text)
    _keep_rows(source, 0, row.start(), found)
    _keep_rows(source, end, len(text), found)
    return True


def _open_cell(source: SourceText, start: int, end: int, found: Found, open_text: Open) -> int:
    """Read a value, in the quotes of CSV or without; return its end."""
    if quoted := _QUOTED_CELL.match(source.text, start):
        cell = source.part(quoted.start(1), quoted.end(1))
        open_value(found, cell.rewritten(re.compile('""'), lambda _quotes: '"'), open_text)
        return quoted.end()
    open_value(found, source.part(start, len(source.text[:end].rstrip(" |\t\r\n"))), open_text)
    return end


def _keep_rows(source: SourceText, start: int, end: int, found: Found) -> None:
    for cell in _FIRST_CELL.finditer(source.text, start, end):
        if cell[1].strip().lower() not in _HEADERS:
            found.keep(source, cell[1].strip(), cell.start(1), text="row")


def open_settings(source: SourceText, found: Found, open_text: Open) -> bool:
    """Read settings of Microsoft Graph in a script: ``appConfigKey = 'sites'`` and so on."""
    encoded = _ENCODED_SETTING.search(source.text)
    if encoded and (decoded := base64_text(encoded[1])) is not None:
        found.containers.append("settings")
        open_text(SourceText(decoded), found)
        return True
    items: list[dict[str, re.Match[str]]] = []
    for setting in _SETTING.finditer(source.text):
        name = (setting[1] or "key").strip("_").lower()
        if not items or name in items[-1]:
            items.append({})
        items[-1][name] = setting
    items = [item for item in items if "key" in item and "value" in item]
    if not any(is_sites_key(_quoted(item["key"])) for item in items):
        return False
    found.containers.append("settings")
    for item in items:
        key, value = item["key"], item["value"]
        if not is_sites_key(_quoted(key)):
            found.keep(source, _quoted(key), key.start(), text=_quoted(value))
            continue
        check_key(found, source, _quoted(key), key.start())
        if "type" in item:
            check_type(found, source, _quoted(item["type"]), item["type"].start())
        if value[2] is not None:
            part = source.part(*value.span(2)).rewritten(_DOUBLED_QUOTES, lambda _quotes: "'")
        else:
            part = json_unescaped(source.part(*value.span(3)))
        open_value(found, part, open_text)
    return True


def _quoted(setting: re.Match[str]) -> str:
    return str(setting[2] if setting[2] is not None else setting[3])
