"""The scheme of a pasted address: present, missing, or misspelled."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Schemes of other protocols that differ from http or https by one or two letters, so are no misspelling of them.
_OTHER_SCHEMES = frozenset(
    {
        "ftp", "ftps", "sftp", "tftp", "stp", "ntp", "nntp", "smtp", "smtps", "ipp", "ipps", "rtp", "srtp", "rtsp",
        "rtsps", "rtmp", "imap", "imaps", "pop", "pops", "tcp", "udp", "wss", "hdfs", "nfs", "gopher",
    }
)  # fmt: skip
_EXACT = re.compile(r"(https?)://(?![/\\])(.*)", re.IGNORECASE | re.DOTALL)
_REPEATED = re.compile(r"https?\s*[:;]?[/\\]{1,3}", re.IGNORECASE)
_ENCODED = re.compile(r"https?%3a%2f%2f", re.IGNORECASE)
# A name, then a colon with or without slashes, or slashes alone. Input methods produce the fullwidth forms.
_NAMED = re.compile(r"([A-Za-z][A-Za-z0-9+-]{0,30})(\s*[:;：]+\s*[/\\／]*|[.,]?[/\\／]+)\s*(.*)", re.DOTALL)
_UNNAMED = re.compile(r"[:：]?[/\\／]{2,}(.*)", re.DOTALL)
_HOST_LIKE = re.compile(r"[^/?#\s]+[.:][^/?#\s]+|localhost\b", re.IGNORECASE)


@dataclass(frozen=True)
class Scheme:
    """How an address starts. ``rest`` follows the scheme, from the host on.

    ``problem`` is empty, ``typo``, ``encoded``, ``other`` (another scheme) or ``missing``. ``typed`` is the scheme as
    typed if it is misspelled.
    """

    name: str
    rest: str
    problem: str = ""
    typed: str = ""


def split_scheme(text: str) -> Scheme:
    """Split an address after its scheme. ``name`` is ``http`` or ``https``: the latter if it is missing or wrong."""
    if _ENCODED.match(text):
        return Scheme("https", text, "encoded")
    if exact := _EXACT.fullmatch(text):
        if repeated := _REPEATED.match(exact[2]):
            return Scheme("https", exact[2][repeated.end() :], "typo", f"{exact[1]}://{repeated[0]}")
        return Scheme(exact[1].lower(), exact[2])
    if unnamed := _UNNAMED.fullmatch(text):
        return Scheme("https", unnamed[1], "missing")
    named = _NAMED.fullmatch(text)
    return _of_name(named) if named else Scheme("https", text, "missing")


def _of_name(named: re.Match[str]) -> Scheme:
    text, name, separator, rest = named[0], named[1].lower(), named[2].strip(), named[3]
    has_colon, has_slash = separator[:1] in ":;：", separator[-1:] in "/\\／"
    if has_colon and not has_slash and rest[:1].isdigit():  # a host and a port
        return Scheme("https", text, "missing")
    if _is_misspelled(name) and (has_colon or _HOST_LIKE.match(rest)):
        typed = named[1] if name not in {"http", "https"} else f"{named[1]}{separator}"
        return Scheme("https", rest, "typo", typed)
    return Scheme("https", text, "other" if has_colon else "missing")


def _is_misspelled(name: str) -> bool:
    """Whether the name is http or https, the end of it, or at most two typing errors away from it."""
    if name in _OTHER_SCHEMES:
        return False
    if "https".endswith(name) or "http".endswith(name):
        return True
    return len(name) > 2 and min(_typing_errors(name, right) for right in ("http", "https")) <= 2


def _typing_errors(one: str, other: str) -> int:
    """The optimal string alignment distance: letters inserted, left out, replaced, or swapped with the next one."""
    if len(one) > len(other) + 3:
        return len(one)
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], wanted):
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
