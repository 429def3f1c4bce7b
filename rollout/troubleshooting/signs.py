"""Functions that return a ``Sign`` for a kind of pattern."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from .cause import Sign
from .paste import LONGEST_QUOTE, Exchange, Paste, shorten

INFO_LOGIN = r"/rest/nativemobile/[\d.]+/info/login"
AUTHORIZE = r"/rest/oauth2/[\w.]+/authorize"
TOKEN = r"/rest/oauth2/[\w.]+/token"  # noqa: S105  (a path)
MANIFEST = r"/rest/applinks/[\d.]+/manifest"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def says(pattern: str, weight: int, why: str, *, kind: str = "", without: str = "") -> Sign:
    """The text contains ``pattern`` (case-insensitive), is of this kind if given, and does not contain ``without``."""
    wanted = re.compile(pattern, re.I)
    unwanted = re.compile(without, re.I) if without else None

    def find(paste: Paste) -> str | None:
        match = wanted.search(paste.text)
        if not match or (kind and kind not in paste.kinds) or (unwanted and unwanted.search(paste.text)):
            return None
        return quote(paste.text, match)

    return Sign(find, weight, why)


def oauth_error(errors: str, weight: int, why: str, *, beside: str = "", without: str = "") -> Sign:
    """One of the OAuth error codes (separated by ``|``), next to a pattern if given."""
    return (
        says(rf"(?<![\w-])(?:{errors})(?![\w-])", weight, why, without=without)
        if not beside
        else _both(rf"(?<![\w-])(?:{errors})(?![\w-])", beside, weight, why)
    )


def _both(pattern: str, beside: str, weight: int, why: str) -> Sign:
    first, second = re.compile(pattern, re.I), re.compile(beside, re.I)

    def find(paste: Paste) -> str | None:
        match = first.search(paste.text)
        return quote(paste.text, match) if match and second.search(paste.text) else None

    return Sign(find, weight, why)


def exchange(
    path: str,
    weight: int,
    why: str,
    *,
    status: Collection[int] = (),
    and_also: Callable[[Exchange], bool] | None = None,
) -> Sign:
    """A request of a trace to ``path`` with one of these statuses (any if none are given)."""
    wanted = re.compile(path, re.I)

    def find(paste: Paste) -> str | None:
        for row in paste.exchanges:
            is_meant = wanted.search(row.url) and row.status is not None and (not status or row.status in status)
            if is_meant and (and_also is None or and_also(row)):
                return str(row)
        return None

    return Sign(find, weight, why)


def quote(text: str, match: re.Match[str]) -> str:
    """Return the match with a little of its line around it."""
    room = max(0, (LONGEST_QUOTE - (match.end() - match.start())) // 2)
    before = text[max(0, match.start() - room) : match.start()].rpartition("\n")[2]
    after = text[match.end() : match.end() + room].partition("\n")[0]
    return shorten(before + text[match.start() : match.end()] + after)
