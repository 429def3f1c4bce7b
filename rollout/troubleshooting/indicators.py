"""Functions that create an ``Indicator``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from rollout.compatibility.refusals import RefusalKind
from rollout.message_ids import gettext_noop as _

from .cause import Indicator
from .languages import phrases
from .paste import MAX_QUOTE_LENGTH, Exchange, Paste, shorten

INFO_LOGIN = r"\binfo/login\b"
AUTHORIZE = r"/rest/oauth2/[\w.]+/authorize"
TOKEN = r"/rest/oauth2/[\w.]+/token"  # noqa: S105  (a path)
MANIFEST = r"/rest/applinks/[\d.]+/manifest"
# What the app requests with its access token: the REST API without the paths of the sign-in.
REST_API = r"/rest/(?!oauth2/|applinks/|nativemobile/[\d.]+/info/)[\w-]+"
_PATTERN_PART = re.compile(r"\\.|[^\\]+", re.DOTALL)
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def text_matches(pattern: str, weight: int, description: str, *, kind: str = "", without: str = "") -> Indicator:
    """Match a text that contains ``pattern`` (any case), is of ``kind`` if given, and does not contain ``without``."""
    return text_matches_all((pattern,), weight, description, kind=kind, without=without)


def says(*meanings: str, weight: int, description: str, without: str = "", also: str = "") -> Indicator:
    """Match a text that says one of the meanings in any language, and contains a match of ``also`` if that is given."""
    patterns = (phrases(*meanings), also) if also else (phrases(*meanings),)
    return text_matches_all(patterns, weight, description, without=without)


def text_matches_all(
    patterns: Collection[str], weight: int, description: str, *, kind: str = "", without: str = ""
) -> Indicator:
    """Match a text that contains each pattern, in any order, but not ``without``; the first pattern is quoted."""
    wanted = [folded_pattern(pattern) for pattern in patterns]
    unwanted = folded_pattern(without) if without else None

    def find(paste: Paste) -> str | None:
        if kind and kind not in paste.kinds:
            return None
        first: re.Match[str] | None = None
        for pattern in wanted:
            if not (match := pattern.search(paste.folded)):
                return None
            first = first or match
        if not first or (unwanted and unwanted.search(paste.folded)):
            return None
        return quote(paste.plain, first)

    return Indicator(find, weight, description)


def folded_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern for ``Paste.folded``: in lower case, except for escapes such as ``\\S``."""
    return re.compile(_PATTERN_PART.sub(lambda part: part[0] if part[0][0] == "\\" else part[0].lower(), pattern))


def oauth_error(errors: str, weight: int, description: str, *, together_with: str = "", without: str = "") -> Indicator:
    """Match OAuth error codes, separated by ``|``, in a text that contains ``together_with`` but not ``without``."""
    patterns = [rf"(?<![\w-])(?:{errors})(?![\w-])", *([together_with] if together_with else [])]
    return text_matches_all(patterns, weight, description, without=without)


def request_matches(
    path: str,
    weight: int,
    description: str,
    *,
    status: Collection[int] = (),
    and_also: Callable[[Exchange], bool] | None = None,
    each: bool = False,
) -> Indicator:
    """Match a traced request to ``path`` whose response has one of these statuses (default: any).

    With ``each``, all requests to this path must match.
    """
    wanted = re.compile(path, re.I)

    def is_match(row: Exchange) -> bool:
        return (not status or row.status in status) and (and_also is None or and_also(row))

    def find(paste: Paste) -> str | None:
        rows = [row for row in paste.exchanges if row.status is not None and wanted.search(row.url)]
        matched = [row for row in rows if is_match(row)]
        return str(matched[0]) if matched and (len(matched) == len(rows) or not each) else None

    return Indicator(find, weight, description)


def token_received(weight: int) -> Indicator:
    """Match a text in which each token request succeeded, which contradicts the causes of earlier failures."""
    return request_matches(
        TOKEN, weight, _("The token request succeeded"), status={200}, and_also=lambda row: not row.is_html, each=True
    )


def refused(
    kinds: Collection[RefusalKind],
    weight: int,
    description: str,
    *,
    path: str = ".?",
    without_status: Collection[int] = (),
) -> Indicator:
    """Match a response that ``refusals.classify`` evaluates as one of these kinds, to a request to ``path``.

    A page without a request and a status is classified with each of ``without_status`` in its place.
    """
    wanted = re.compile(path, re.I)

    def find(paste: Paste) -> str | None:
        for row in paste.exchanges:
            if wanted.search(row.url) and row.refusal and row.refusal.kind in kinds:
                by = f" ({row.refusal.by})" if row.refusal.by else ""
                return shorten(f"{row}{by}")
        if paste.page and any(paste.page.refused_with(status) in kinds for status in without_status):
            return shorten(paste.page.heading)
        return None

    return Indicator(find, weight, description)


def quote(text: str, match: re.Match[str]) -> str:
    """Return the match with some of the line around it."""
    margin = max(0, (MAX_QUOTE_LENGTH - (match.end() - match.start())) // 2)
    before = text[max(0, match.start() - margin) : match.start()].rpartition("\n")[2]
    after = text[match.end() : match.end() + margin].partition("\n")[0]
    return shorten(before + text[match.start() : match.end()] + after)
