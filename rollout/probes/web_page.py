"""What a web page gives away: its meta tags, whether it asks for a sign-in, whether it leads elsewhere by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from rollout.http_client.reply import Reply

READ = 65_536  # characters: all that matters stands in the head of a page
MAX_METAS = 200

_META = re.compile(r"<meta\b([^<>]{0,3000})>", re.I)
_ATTRIBUTE = re.compile(r"""([a-z][a-z0-9_:-]{0,40})\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.I)
_LOGIN_PAGE = re.compile(r"<form\b|type=[\"']?password|\blog[ -]?in\b|\bsign[ -]?(?:in|on)\b|SAMLRequest", re.I)
_SCRIPT_LEADS_ON = re.compile(
    r"\blocation(?:\.href)?\s{0,9}=\s{0,9}[\"'`]|\blocation\.(?:replace|assign)\s{0,9}\(|\.submit\(\s{0,9}\)", re.I
)


@dataclass(frozen=True)
class WebPage:
    """``metas`` are named meta tags, names in lower case. ``refreshes``: a meta tag leads on; ``scripted``: nothing
    but a script does."""

    metas: dict[str, str]
    refreshes: bool
    scripted: bool


def is_html(reply: Reply) -> bool:
    """True for a web page, whatever its content type says."""
    return "html" in reply.answer.content_type or "<html" in reply.text()[:2000].lower()


def is_login_page(reply: Reply) -> bool:
    """True for a web page that has a form, speaks of signing in, or leads to where that is done."""
    if not is_html(reply):
        return False
    text = reply.text()
    page = read_page(text)
    return bool(_LOGIN_PAGE.search(text)) or page.refreshes or page.scripted


def read_page(text: str) -> WebPage:
    """The facts of a page. Any text is one: what is no tag is passed over."""
    metas: dict[str, str] = {}
    refreshes = False
    for position, match in enumerate(_META.finditer(text[:READ])):
        if position >= MAX_METAS:
            break
        attributes = {found[0].lower(): unescape(found[1] or found[2] or found[3]) for found in _attributes(match[1])}
        if attributes.get("http-equiv", "").lower() == "refresh" and "url" in attributes.get("content", "").lower():
            refreshes = True
        if name := attributes.get("name", "").lower():
            metas.setdefault(name, attributes.get("content", ""))
    return WebPage(metas, refreshes, bool(_SCRIPT_LEADS_ON.search(text[:READ])))


def _attributes(tag: str) -> list[tuple[str, str, str, str]]:
    return _ATTRIBUTE.findall(tag)
