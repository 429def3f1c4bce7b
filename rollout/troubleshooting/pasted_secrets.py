"""Remove secrets from pasted text, before any other code reads it. Pure; linear in the length of the text.

Removed: values of parameters, headers, fields, form inputs and JSON members with a secret name
(``rollout.secret_names``), in plain, percent-encoded or escaped spelling; credentials in URLs and on curl's command
line; complete cookies; key and certificate blocks; JSON Web Tokens; and any run of characters that looks like a token.
Client IDs stay, because they are not secret and must be compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rollout.secret_names import is_secret_name

MASK = "[removed]"

_ANSI = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
# Codes of errors, not of sign-ins: of iOS (Code=-1004), HTTP (code=302) and Node.js (code: 'ECONNRESET').
_ERROR_CODE = re.compile(
    r"-\d{1,5}|[1-5]\d\d|ERR_[A-Z_]{3,60}|E(?:CONN|NOT|HOST|TIME|PROTO|NET|PIPE|ADDR)[A-Z]{0,12}"
    r"|(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_HAS|CERT_NOT)_[A-Z_]{3,60}"
)
_HARMLESS_VALUES = frozenset({"", "true", "false", "null", "none", "undefined", MASK})

_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----.*?(?:-----END [A-Z0-9 ]{1,40}-----|\Z)", re.S)
_USER_INFO = re.compile(r"(?<=://)[^/?#\s\"'<>\\]*@")
_CURL = re.compile(
    r"""(?<!\S)(-u|--user|-U|--proxy-user|-b|--cookie|--oauth2-bearer|--pass)(?:[ \t]{1,9}|=)"""
    r"""("[^"\n]*+"?|'[^'\n]*+'?|\S++)"""
)
_CURL_JOINED = re.compile(r"(?<!\S)(-u)([^\s:]{1,80}:\S+)")
_COOKIE_JAR = re.compile(r'"cookies"\s{0,9}:\s{0,9}[\[{](?:[^\]}"]|"(?:[^"\\]|\\.)*+"?)*+', re.I | re.S)
_JAR_LIST_VALUE = re.compile(r'("value"\s{0,9}:\s{0,9}")((?:[^"\\]|\\.)*+)', re.S)
_JAR_MEMBER = re.compile(r'("[^"\n]{1,200}"\s{0,9}:\s{0,9}")((?:[^"\\]|\\.)*+)', re.S)
# Headers, parameters and form fields of a HAR file; either member may come first.
_NAMED = re.compile(
    r'("name"\s{0,9}:\s{0,9}"([\w.-]{1,80})"\s{0,9},\s{0,9}"value"\s{0,9}:\s{0,9}")((?:[^"\\]|\\.)*+)', re.S
)
_VALUED = re.compile(
    r'("value"\s{0,9}:\s{0,9}")((?:[^"\\]|\\.)*+)("\s{0,9},\s{0,9}"name"\s{0,9}:\s{0,9}"([\w.-]{1,80})")', re.S
)
_JSON_HEAD = re.compile(r"""(\\{0,6}+["'])(?P<name>[\w.-]{1,80})\1\s{0,9}:\s{0,9}(?P<open>\\{0,6}+["'])""")
_PLIST = re.compile(r"(<key>([^<]{1,80})</key>\s{0,80}<string>)([^<]*+)", re.I)
_XML = re.compile(r"(<([\w.:-]{1,80})(?:\s[^<>]{0,300})?>)([^<]*+)")
_TAG = re.compile(r"""<(?:input|meta|param)\b(?:[^>"']|"[^"]*+"?|'[^']*+'?)*+""", re.I)
_TAG_NAME = re.compile(r"""\bname\s{0,9}=\s{0,9}["']?([\w.-]{1,80})""", re.I)
_TAG_VALUE = re.compile(r"""(\b(?:value|content)\s{0,9}=\s{0,9})("[^"]*+|'[^']*+|[^\s"'>]++)""", re.I)
_PART = re.compile(r'(\bname="([\w.-]{1,80})"[^\n]{0,200}\n(?:[^\n]{1,200}\n){0,4}?\n)([^\n]*+)')
_HEADER = re.compile(
    r"""(?<![\w-])(?P<quote>["']?)(?P<name>proxy-authorization|authorization|set-cookie2?|cookie)["']?"""
    r"""[ \t]{0,9}:[ \t]{0,9}"""
    r"""(?P<scheme>(?:Basic|Bearer|Negotiate|NTLM|Digest)[ \t]+)?""",
    re.I,
)
_HEADER_NAME = re.compile(r"(?:proxy-)?authorization\Z|(?:set-)?cookie2?\Z", re.I)
_PAIR_HEAD = re.compile(
    r"""(?:(?<![\w.-])|%(?:25){0,3}[0-9a-f]{2})(?P<name>[\w.-]++)"""
    r"""(?P<sep>[ \t]?=[ \t]?["']?|%(?P<deep>(?:25){0,3})3D)""",
    re.I,
)
_COLON_HEAD = re.compile(r"""(?<![\w.-])(?P<name>[\w.-]++)[ \t]?:[ \t]{1,9}(?P<open>["']?)""")
_NAMES_WITHOUT_SECRET = re.compile(r"(?:exception|error|failure|fault|endpoint|page|url|uri)\Z", re.I)
_NAMES_OF_WHOLE_LINES = re.compile(r"(?:.*-.*|.*(?:passw(?:or)?d|passphrase|secret)|pwd)\Z", re.I)
_PROSE = re.compile(
    r"\b(password|passphrase|passcode|secret|token|pin)( is | was )"
    r"(?!(?:wrong|not|in\w+|expired|required|too|missing|correct|empty|the|an?|no)\b)(\S+)",
    re.I,
)
_SCHEME = re.compile(
    r"\b(Bearer|Basic|Negotiate|NTLM|Digest)([ \t]+)(?!(?:realm|error|tokens?|auth\w*"
    r"|scheme)\b)([\w.~+/=-]{6,}+)",
    re.I,
)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{5,}+(?:\.[\w-]*+)*+")
_RUN = re.compile(r"(?<![\w+~-])[\w+~-]{24,}+(?:/[\w+~-]{8,}+)*+={0,2}", re.A)
_HEXADECIMAL_OR_LOWER = re.compile(r"[a-z0-9]{32,}\Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.I)
_AFTER_CLIENT_ID = re.compile(r"""client_?id["']?\s{0,3}(?:=|:|%3D)\s{0,3}["']?\Z""", re.I)


@dataclass(frozen=True)
class Redacted:
    """The text that may be shown, and the number of values that were removed from it."""

    text: str
    removed: int


def redact(text: str) -> Redacted:
    """Remove secrets, control characters and invisible characters. Line ends become ``\\n``. Accepts any text."""
    masker = _Masker()
    shown = _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    shown = _INVISIBLE.sub("", shown)
    for step in _STEPS:
        shown = step(shown, masker.hide)
    return Redacted(shown, masker.removed)


Hide = Callable[[str], str]


class _Masker:
    """Masks values and counts them."""

    def __init__(self) -> None:
        self.removed = 0

    def hide(self, value: str) -> str:
        if _ERROR_CODE.fullmatch(value.strip(" \t\n,.;:)]}'\"")):
            return value
        if value.strip(" \t\n,.;:)]}'\"").lower() in _HARMLESS_VALUES or value.strip(" ,;.") == MASK:
            return value
        self.removed += 1
        return MASK


def _blocks(text: str, hide: Hide) -> str:
    text = _PEM.sub(lambda m: hide(m[0]), text)
    text = _USER_INFO.sub(lambda m: hide(m[0][:-1]) + "@", text)
    text = _CURL_JOINED.sub(lambda m: f"{m[1]} {hide(m[2])}", text)
    return _CURL.sub(lambda m: f"{m[1]} {hide(m[2])}", text)


def _archives(text: str, hide: Hide) -> str:
    def jar(match: re.Match[str]) -> str:
        member = _JAR_LIST_VALUE if "[" in match[0][:30] else _JAR_MEMBER
        head, opened = match[0][:9], match[0][9:]
        return head + member.sub(lambda m: m[1] + hide(m[2]), opened)

    text = _COOKIE_JAR.sub(jar, text)
    text = _NAMED.sub(lambda m: m[1] + (hide(m[3]) if is_secret_name(m[2]) else m[3]), text)
    return _VALUED.sub(lambda m: m[1] + (hide(m[2]) if is_secret_name(m[4]) else m[2]) + m[3], text)


def _json(text: str, hide: Hide) -> str:
    def end(match: re.Match[str]) -> int:
        return _closing(text, match.end(), match["open"])

    return _values(text, _JSON_HEAD, end, hide)


def _markup(text: str, hide: Hide) -> str:
    def tag(match: re.Match[str]) -> str:
        name = _TAG_NAME.search(match[0])
        if not name or not is_secret_name(name[1]):
            return match[0]
        return _TAG_VALUE.sub(lambda m: m[1] + _quote_of(m[2]) + hide(m[2].lstrip("\"'")), match[0])

    text = _TAG.sub(tag, text)
    for pattern in (_PLIST, _XML, _PART):
        text = pattern.sub(lambda m: m[1] + (hide(m[3]) if is_secret_name(m[2]) else m[3]), text)
    return text


def _headers(text: str, hide: Hide) -> str:
    return _values(text, _HEADER, lambda m: _closing(text, m.end(), m["quote"]), hide)


def _pairs(text: str, hide: Hide) -> str:
    def end(match: re.Match[str]) -> int:
        sep = match["sep"]
        if sep[-1] in "\"'":
            return _closing(text, match.end(), sep[-1])
        stop = r"[\s&;\"'<>]" if match["deep"] is None else rf"[\s&;\"'<>]|%{match['deep']}26"
        value_end = re.compile(stop, re.I).search(text, match.end())
        return value_end.start() if value_end else len(text)

    return _values(text, _PAIR_HEAD, end, hide)


def _colons(text: str, hide: Hide) -> str:
    def end(match: re.Match[str]) -> int:
        name, start = match["name"], match.end()
        if match["open"]:
            return _closing(text, start, match["open"])
        if _HEADER_NAME.match(name):  # masked by _headers, which keeps the scheme
            return start
        if _NAMES_OF_WHOLE_LINES.match(name[-80:]):
            return _closing(text, start, "")
        value_end = re.compile(r"[\s\"',;<>]").search(text, start)
        stop = value_end.start() if value_end else len(text)
        is_a_word = name.lower() in {"code", "state"} and stop - start < 16
        return start if is_a_word or _NAMES_WITHOUT_SECRET.search(name[-80:]) else stop

    return _values(text, _COLON_HEAD, end, hide)


def _tokens(text: str, hide: Hide) -> str:
    text = _SCHEME.sub(lambda m: f"{m[1]}{m[2]}{hide(m[3])}", text)
    text = _PROSE.sub(lambda m: f"{m[1]}{m[2]}{hide(m[3])}", text)
    text = _JWT.sub(lambda m: hide(m[0]), text)
    return _RUN.sub(lambda m: hide(m[0]) if _looks_like_a_token(m) else m[0], text)


_STEPS = (_blocks, _archives, _json, _markup, _headers, _pairs, _colons, _tokens)


def _values(text: str, head: re.Pattern[str], end: Callable[[re.Match[str]], int], hide: Hide) -> str:
    """Mask the value after each head with a secret name; ``end`` returns where that value ends."""
    parts: list[str] = []
    at = 0
    for match in head.finditer(text):
        if match.start() < at or not is_secret_name(match["name"][-80:]):
            continue
        stop = end(match)
        parts += text[at : match.end()], hide(text[match.end() : stop])
        at = stop
    return "".join(parts) + text[at:]


def _closing(text: str, start: int, quote: str) -> int:
    """Return the end of a value that starts with ``quote`` (empty: it ends with the line). Skips escaped characters."""
    if len(quote) > 1:  # an escaped quote is closed by the same escape sequence
        stop = text.find(quote, start)
        return stop if stop >= 0 else len(text)
    inner = rf"(?:[^{quote}\\\n]|\\.)*+" if quote else r"[^\n]*+"
    match = re.compile(inner).match(text, start)
    return match.end() if match else start


def _quote_of(value: str) -> str:
    return value[:1] if value[:1] in "\"'" else ""


def _looks_like_a_token(match: re.Match[str]) -> bool:
    run = match[0]
    if _UUID.match(run) or _AFTER_CLIENT_ID.search(match.string[max(0, match.start() - 20) : match.start()]):
        return False
    digits = sum(character.isdigit() for character in run)
    mixed = digits >= 3 and run.lower() != run != run.upper()
    return mixed or (digits >= 3 and bool(_HEXADECIMAL_OR_LOWER.match(run.lower())))
