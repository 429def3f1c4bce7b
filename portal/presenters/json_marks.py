"""Syntax highlighting of JSON on the server, by CSS classes only."""

from __future__ import annotations

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>true|false|null|-?\d[\d.eE+-]*)'
)


def marked_json(text: str) -> SafeString:
    """Return the escaped text with every key, string and literal in a ``<span class="json-…">``."""
    parts: list[SafeString] = []
    at = 0
    for token in _TOKEN.finditer(text):
        parts.append(format_html("{}", text[at : token.start()]))
        parts.append(format_html('<span class="json-{}">{}</span>', token.lastgroup, token[0]))
        at = token.end()
    parts.append(format_html("{}", text[at:]))
    return format_html_join("", "{}", ((part,) for part in parts))
