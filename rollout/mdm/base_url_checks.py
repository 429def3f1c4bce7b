"""Check the base URL of an entry. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from rollout.base_url import BaseUrlError, parse_base_url
from rollout.formats.site_cells import shown
from rollout.pasted_url.page_paths import split_page

from .entry_objects import Checks

_MARKUP = re.compile(r"\[(?P<text>[^\]\[]*)\]\((?P<link>[^()\s]*)\)|<(?P<plain>https?://[^<>\s]*)>")
_LINE_BREAK = re.compile(r"[\r\n\t]+ *")
# Host names in the examples of Atlassian and other vendors, and words that stand for one.
_PLACEHOLDER = re.compile(
    r"(?:(?:confluence|jira|mysite|yoursite|www)\.)?(?:example|company|mycompany|yourcompany|your-company|yourdomain"
    r"|your-domain|mydomain)\.(?:com|org|net)|(?:your|my)[-.].*|.*\.(?:example|invalid)|host|hostname|base-?url"
)


def check_base_url(text: str, at: int, checks: Checks, *, allow_loopback_http: bool) -> str:
    """Return the base URL, in canonical form if it is one."""
    if (markup := _MARKUP.fullmatch(text.strip())) and (not markup["link"] or markup["text"] in {"", markup["link"]}):
        checks.add("base-url-markup", at)
        text = markup["link"] or markup["plain"] or text
    if _LINE_BREAK.search(text.strip()):
        checks.add("base-url-line-break", at)
        text = _LINE_BREAK.sub("", text.strip())
    if text.strip() and text != text.strip():
        checks.add("base-url-space", at)
        text = text.strip()
    _check_page(text, at, checks)
    try:
        url = parse_base_url(text, allow_loopback_http=allow_loopback_http)
    except BaseUrlError as error:
        checks.add(f"base-url-{error.code}", at)
        return text
    if _PLACEHOLDER.fullmatch(url.host):
        checks.add("base-url-placeholder", at, host=url.host)
    canonical = str(url)
    if text != canonical:
        if text.rstrip("/") == canonical:
            checks.add("trailing-slash", at)
        else:
            checks.add("base-url-spelling", at, canonical=canonical)
    return canonical


def _check_page(text: str, at: int, checks: Checks) -> None:
    if text.rstrip("/").count("/") < 3:
        return
    try:
        parts = urlsplit(text)
    except ValueError:
        return
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        return
    context, page = split_page(parts.path, has_query=bool(parts.query))
    if page.strip("/"):
        site = shown(f"{parts.scheme}://{parts.netloc}{context}")
        checks.add("base-url-page", at, page=shown(page), suggestion=site)
