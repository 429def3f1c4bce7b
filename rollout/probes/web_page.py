"""Reads a web page: its meta tags, where its form is sent, and whether a script redirects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin

from rollout.compatibility.refusal_marks import SCRIPT_REDIRECT
from rollout.http_client.redaction import safe_url
from rollout.http_client.reply import Reply

MAX_CHARACTERS = 65_536  # everything of interest is in the head of a page
MAX_METAS = 200

_META = re.compile(r"<meta\b([^<>]{0,3000})>", re.I)
_ATTRIBUTE = re.compile(r"""([a-z][a-z0-9_:-]{0,40})\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.I)
_FORM = re.compile(r"<form\b([^<>]{0,3000})>", re.I)


@dataclass(frozen=True)
class WebPage:
    """``metas`` are the named meta tags, names in lower case.

    ``scripted``: a script redirects. ``form_action`` is the action of the first form that posts, as the page has it.
    """

    metas: dict[str, str]
    scripted: bool
    form_action: str | None = None


def is_html(reply: Reply) -> bool:
    """Whether the response is a web page, by its content type or its body."""
    return "html" in reply.answer.content_type or "<html" in reply.text()[:2000].lower()


def read_page(text: str) -> WebPage:
    """Read a page. Never raises: anything but meta tags, forms and redirects is ignored."""
    text = text[:MAX_CHARACTERS]
    metas: dict[str, str] = {}
    for position, match in enumerate(_META.finditer(text)):
        if position >= MAX_METAS:
            break
        attributes = _attributes(match[1])
        if name := attributes.get("name", "").lower():
            metas.setdefault(name, attributes.get("content", ""))
    forms = (_attributes(match[1]) for match in _FORM.finditer(text))
    posted = next((form for form in forms if form.get("method", "").lower() == "post"), {})
    return WebPage(metas, bool(SCRIPT_REDIRECT.search(text)), posted.get("action"))


def absolute_action(reply: Reply, page: WebPage) -> str | None:
    """Return the absolute, masked URL that the form of a page is sent to; None without a form that posts."""
    if page.form_action is None:
        return None
    try:
        return safe_url(urljoin(reply.url, page.form_action.strip()), 500)
    except ValueError:
        return None


def _attributes(tag: str) -> dict[str, str]:
    return {row[0].lower(): unescape(row[1] or row[2] or row[3]) for row in _ATTRIBUTE.findall(tag)}
