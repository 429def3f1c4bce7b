"""Makes text safe to store: masks secrets, removes control characters, limits the length. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from rollout.secret_names import is_secret_name

MAX_EXCERPT_LENGTH = 200
MASK = "…"

_JSON_PAIR = re.compile(r"""(["'])([\w.-]{1,60})\1(\s*:\s*)(["'])((?:\\.|(?!\4)[^\\])*)(\4|\Z)""", re.S)
_FORM_PAIR = re.compile(r"""([\w.-]{1,60})=([^\s&;"'<>]{1,})""")
_ESCAPED_PAIR = re.compile(r"""((?:%[0-9a-f]{2})?)([\w.-]{1,60})%3D([^\s&;"'<>%]+)""", re.I)
_INPUT_TAG = re.compile(r"<(?:input|meta)\b[^>]{0,2000}>?", re.I)
_TAG_NAME = re.compile(r"""\bname\s*=\s*["']?([\w.-]{1,60})""", re.I)
_TAG_VALUE = re.compile(r"""(\b(?:value|content)\s*=\s*)(["'])(.*?)(\2|\Z)""", re.I | re.S)
_XML_PAIR = re.compile(r"<([\w.:-]{1,60})>([^<]{1,4000})(?=<|\Z)")
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.I)
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]*(?:\.[\w-]*)?")
# Without one of these characters a URL has no user info, query, fragment or path parameter that could hold a secret.
_NEEDS_REDACTION = re.compile(r"[@?#;]")
_JSESSIONID = re.compile(r"(;jsessionid=)[^/?;]*", re.I)
_SAFE = "/:,@+*()!~'-._" + MASK
_NEEDS_NO_ESCAPE = re.compile(r"[\w/:,@+*()!~'.-]*", re.ASCII)
# Masking is expensive, and this much of a response nearly always has an excerpt in it.
_ENOUGH = 320


def mask(value: str) -> str:
    """Return the first four characters and an ellipsis; only the ellipsis for a value that four would reveal."""
    return (value[:4] if len(value) >= 12 else "") + MASK


def clean(text: object, limit: int = 500) -> str:
    """Return the text without control characters and lone surrogates, white space collapsed, at most ``limit``
    characters.

    Databases reject NUL in JSON, and terminals must not receive escape sequences of an untrusted server.
    """
    text = str(text)[: limit * 4]
    if text.isprintable():
        return " ".join(text.split())[:limit]
    printable = "".join(c if c.isprintable() else " " for c in text if not "\ud800" <= c <= "\udfff")
    return " ".join(printable.split())[:limit]


def safe_url(url: str, limit: int = 1000) -> str:
    """Return the URL without user info and with the values of ``code``, ``state`` and token-like parameters masked.

    Parameters that contain a URL (``os_destination``) are masked recursively.
    """
    url = url[: limit * 4]
    return clean(_redact_url(url, 0) if _NEEDS_REDACTION.search(url) else url, limit)


def excerpt(text: str) -> str:
    """Return at most 200 characters of a response, masked before truncation, so that a cut never separates a name
    from its secret.
    """
    shown = _masked(" ".join(text[: 4 * _ENOUGH].split())[:_ENOUGH])
    if len(shown) < MAX_EXCERPT_LENGTH and len(text) > _ENOUGH:
        shown = _masked(" ".join(text[:8000].split()))
    return shown


def _masked(shown: str) -> str:
    if "<" in shown:
        shown = _INPUT_TAG.sub(_mask_tag, shown)
    shown = _JSON_PAIR.sub(_mask_json, shown)
    if "<" in shown:
        shown = _XML_PAIR.sub(lambda m: f"<{m[1]}>{mask(m[2]) if is_secret_name(m[1]) else m[2]}", shown)
    if "=" in shown:
        shown = _FORM_PAIR.sub(lambda m: f"{m[1]}={mask(m[2])}" if is_secret_name(m[1]) else m[0], shown)
    if "%" in shown:
        shown = _ESCAPED_PAIR.sub(lambda m: f"{m[1]}{m[2]}%3D{mask(m[3])}" if is_secret_name(m[2]) else m[0], shown)
    shown = _BEARER.sub(rf"\1 {MASK}", shown)
    if "eyJ" in shown:
        shown = _JWT.sub(f"eyJ{MASK}", shown)
    return clean(shown, MAX_EXCERPT_LENGTH)


def _mask_json(match: re.Match[str]) -> str:
    quote_mark, name, colon, open_quote, value, close_quote = match.groups()
    shown = mask(value) if is_secret_name(name) else value
    return f"{quote_mark}{name}{quote_mark}{colon}{open_quote}{shown}{close_quote}"


def _mask_tag(match: re.Match[str]) -> str:
    tag = match[0]
    name = _TAG_NAME.search(tag)
    # Of a tag that was cut off, the name may be missing.
    if tag.endswith(">") and (not name or not is_secret_name(name[1])):
        return tag
    return _TAG_VALUE.sub(lambda m: f"{m[1]}{m[2]}{mask(m[3])}{m[4]}", tag)


def _redact_url(url: str, depth: int) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0].partition("#")[0]
    path = _JSESSIONID.sub(rf"\1{MASK}", parts.path) if ";" in parts.path else parts.path
    netloc = parts.netloc.rpartition("@")[2]
    fragment = _redact_query(parts.fragment, depth) if "=" in parts.fragment else parts.fragment
    return urlunsplit((parts.scheme, netloc, path, _redact_query(parts.query, depth), fragment))


def _redact_query(query: str, depth: int) -> str:
    if not query:
        return ""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return MASK
    if not any("=" in part for part in query.split("&")):
        return query if len(query) <= 12 else mask(query)
    return "&".join(f"{_escape(name)}={_redact_value(name, value, depth)}" for name, value in pairs)


def _redact_value(name: str, value: str, depth: int) -> str:
    if is_secret_name(name):
        return mask(value) if value else ""
    nested = value
    while "%3d" in nested.lower() and unquote(nested) != nested:
        nested = unquote(nested)
    if "=" in nested:
        inner = _redact_url if "?" in nested or "#" in nested else _redact_query
        return _escape(inner(nested, depth + 1)) if depth < 3 else MASK
    return _escape(value)


def _escape(text: str) -> str:
    return text if _NEEDS_NO_ESCAPE.fullmatch(text) else quote(text, safe=_SAFE, errors="replace")
