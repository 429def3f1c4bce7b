"""Reads a web page: its meta tags, whether it is a login page, and whether it redirects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from rollout.http_client.reply import Reply

MAX_CHARACTERS = 65_536  # everything of interest is in the head of a page
MAX_METAS = 200

_META = re.compile(r"<meta\b([^<>]{0,3000})>", re.I)
_ATTRIBUTE = re.compile(r"""([a-z][a-z0-9_:-]{0,40})\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.I)
_LOGIN_PAGE = re.compile(r"<form\b|type=[\"']?password|\blog[ -]?in\b|\bsign[ -]?(?:in|on)\b|SAMLRequest", re.I)
_SCRIPT_REDIRECT = re.compile(
    r"\blocation(?:\.href)?\s{0,9}=\s{0,9}[\"'`]|\blocation\.(?:replace|assign)\s{0,9}\(|\.submit\(\s{0,9}\)", re.I
)


@dataclass(frozen=True)
class WebPage:
    """``metas`` are the named meta tags, names in lower case.

    ``refreshes``: a meta tag redirects. ``scripted``: a script redirects.
    """

    metas: dict[str, str]
    refreshes: bool
    scripted: bool


def is_html(reply: Reply) -> bool:
    """Whether the response is a web page, by its content type or its body."""
    return "html" in reply.answer.content_type or "<html" in reply.text()[:2000].lower()


def is_login_page(reply: Reply) -> bool:
    """Whether the response is a web page with a form, a text about signing in, or a redirect."""
    if not is_html(reply):
        return False
    text = reply.text()
    page = read_page(text)
    return bool(_LOGIN_PAGE.search(text)) or page.refreshes or page.scripted


def read_page(text: str) -> WebPage:
    """Read a page. Never raises: anything but a meta tag is ignored."""
    metas: dict[str, str] = {}
    refreshes = False
    for position, match in enumerate(_META.finditer(text[:MAX_CHARACTERS])):
        if position >= MAX_METAS:
            break
        attributes = {row[0].lower(): unescape(row[1] or row[2] or row[3]) for row in _attributes(match[1])}
        if attributes.get("http-equiv", "").lower() == "refresh" and "url" in attributes.get("content", "").lower():
            refreshes = True
        if name := attributes.get("name", "").lower():
            metas.setdefault(name, attributes.get("content", ""))
    return WebPage(metas, refreshes, bool(_SCRIPT_REDIRECT.search(text[:MAX_CHARACTERS])))


def _attributes(tag: str) -> list[tuple[str, str, str, str]]:
    return _ATTRIBUTE.findall(tag)
