"""Parse a pasted, already redacted text: the requests of a trace, OAuth errors, the kind of text.

Pure; accepts any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from html import unescape

from .exchange import MAX_QUOTE_LENGTH, Exchange, shorten
from .traces import read_archive, read_trace

__all__ = ["MAX_PASTE_LENGTH", "MAX_QUOTE_LENGTH", "OAUTH_ERRORS", "Exchange", "Paste", "parse_paste", "shorten"]

MAX_PASTE_LENGTH = 200_000

OAUTH_ERRORS = (
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
    "unsupported_response_type", "invalid_scope", "access_denied", "server_error", "temporarily_unavailable",
    "invalid_redirect_uri", "redirect_uri_mismatch", "invalid_token", "insufficient_scope",
)  # fmt: skip
_ERROR_WORD = re.compile(rf"(?<![\w-])(?:{'|'.join(OAUTH_ERRORS)})(?![\w-])")
_KINDS = (
    ("site_list", re.compile(r"""["']baseURL["']|<key>\s{0,9}sites\s{0,9}</key>""", re.I)),
    ("archive", re.compile(r'"request"\s{0,9}:\s{0,9}\{|"redirectURL"')),
    ("redirect", re.compile(r"[?&#]error=[a-z_]", re.I)),
    ("oauth_json", re.compile(r"""["']error["']\s{0,9}:\s{0,9}["'][a-z_]{3,60}["']""")),
    ("tls", re.compile(r"certificate|\bSSL\b|\bTLS\b|ERR_CERT_|PKIX", re.I)),
    ("page", re.compile(r"<html|<!doctype html|<title", re.I)),
)
# What people and products write in several ways: quotation marks, spaces, letters as entities or in a URL.
_SAME = str.maketrans(
    {"’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
     "\u00a0": " ", "\u202f": " ", "\u3000": " ", "\t": " ", "‐": "-", "‑": "-", "–": "-", "（": "(", "）": ")"}
)  # fmt: skip
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,5}|#x[0-9A-Fa-f]{2,4});")
_URL_SPACE = re.compile(r"(?<=[A-Za-z0-9,.'])(?:\+|%20)(?=[A-Za-z0-9'])")


@dataclass(frozen=True)
class Paste:
    """A redacted text with its parsed content. ``kinds`` are keys of ``KINDS`` in the portal, most specific first."""

    text: str
    exchanges: tuple[Exchange, ...]
    errors: frozenset[str]
    kinds: tuple[str, ...]

    @cached_property
    def plain(self) -> str:
        """The text with one spelling of quotation marks, spaces and letters, which patterns are matched against."""
        text = _ENTITY.sub(_letter, self.text) if "&" in self.text else self.text
        return _URL_SPACE.sub(" ", text).translate(_SAME)

    @cached_property
    def folded(self) -> str:
        """``plain`` in lower case, with the same length: searched far faster than in any case."""
        folded = self.plain.lower()
        if len(folded) == len(self.plain):
            return folded
        return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in self.plain)

    @cached_property
    def page(self) -> Exchange | None:
        """The text as one response, if it is a page or a message without the status of any request."""
        if any(row.status is not None for row in self.exchanges) or not self.text.strip():
            return None
        return Exchange(body=self.text)


def parse_paste(text: str) -> Paste:
    """Parse the first ``MAX_PASTE_LENGTH`` characters of a redacted text."""
    text = text[:MAX_PASTE_LENGTH]
    kinds = [name for name, pattern in _KINDS if pattern.search(text)]
    exchanges = (*read_trace(text), *(read_archive(text) if "archive" in kinds else ()))
    if exchanges and "archive" not in kinds:
        kinds.append("trace")
    return Paste(
        text, exchanges, frozenset(_ERROR_WORD.findall(text)), tuple(kinds or ["text"] if text.strip() else ())
    )


def _letter(match: re.Match[str]) -> str:
    """The letter of an HTML entity; markup and control characters stay as they are."""
    letter = unescape(match[0])
    return letter if letter == "'" or (len(letter) == 1 and letter > "\x9f") else match[0]
