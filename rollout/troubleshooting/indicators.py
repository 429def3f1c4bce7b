"""Functions that create an ``Indicator``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from .cause import Indicator
from .paste import MAX_QUOTE_LENGTH, Exchange, Paste, shorten

INFO_LOGIN = r"/rest/nativemobile/[\d.]+/info/login"
AUTHORIZE = r"/rest/oauth2/[\w.]+/authorize"
TOKEN = r"/rest/oauth2/[\w.]+/token"  # noqa: S105  (a path)
MANIFEST = r"/rest/applinks/[\d.]+/manifest"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def text_matches(pattern: str, weight: int, description: str, *, kind: str = "", without: str = "") -> Indicator:
    """Match a text that contains ``pattern`` (any case), is of ``kind`` if given, and does not contain ``without``."""
    wanted = re.compile(pattern, re.I)
    unwanted = re.compile(without, re.I) if without else None

    def find(paste: Paste) -> str | None:
        match = wanted.search(paste.text)
        if not match or (kind and kind not in paste.kinds) or (unwanted and unwanted.search(paste.text)):
            return None
        return quote(paste.text, match)

    return Indicator(find, weight, description)


def oauth_error(errors: str, weight: int, description: str, *, together_with: str = "", without: str = "") -> Indicator:
    """Match OAuth error codes, separated by ``|``, in a text that contains ``together_with`` but not ``without``."""
    return (
        text_matches(rf"(?<![\w-])(?:{errors})(?![\w-])", weight, description, without=without)
        if not together_with
        else _text_matches_both(rf"(?<![\w-])(?:{errors})(?![\w-])", together_with, weight, description)
    )


def _text_matches_both(pattern: str, together_with: str, weight: int, description: str) -> Indicator:
    first, second = re.compile(pattern, re.I), re.compile(together_with, re.I)

    def find(paste: Paste) -> str | None:
        match = first.search(paste.text)
        return quote(paste.text, match) if match and second.search(paste.text) else None

    return Indicator(find, weight, description)


def request_matches(
    path: str,
    weight: int,
    description: str,
    *,
    status: Collection[int] = (),
    and_also: Callable[[Exchange], bool] | None = None,
) -> Indicator:
    """Match a traced request to ``path`` whose response has one of these statuses (default: any)."""
    wanted = re.compile(path, re.I)

    def find(paste: Paste) -> str | None:
        for row in paste.exchanges:
            is_match = wanted.search(row.url) and row.status is not None and (not status or row.status in status)
            if is_match and (and_also is None or and_also(row)):
                return str(row)
        return None

    return Indicator(find, weight, description)


def quote(text: str, match: re.Match[str]) -> str:
    """Return the match with some of the line around it."""
    margin = max(0, (MAX_QUOTE_LENGTH - (match.end() - match.start())) // 2)
    before = text[max(0, match.start() - margin) : match.start()].rpartition("\n")[2]
    after = text[match.end() : match.end() + margin].partition("\n")[0]
    return shorten(before + text[match.start() : match.end()] + after)
