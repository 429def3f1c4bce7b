"""One request with its response, as a pasted text contains it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urldefrag, urljoin, urlsplit

from rollout.compatibility.refusals import Refusal, RefusalKind, classify

MAX_QUOTE_LENGTH = 160
MAX_BODY_LENGTH = 8_000
_PAGE = re.compile(r"<(?:!doctype html|html|title|body)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title>([^<]{0,300})", re.IGNORECASE)


@dataclass(frozen=True)
class Exchange:
    """One request of a trace with its response; a part that the trace does not contain is empty or None.

    ``headers`` are those of the response, with names in lower case. ``body`` is its beginning.
    """

    method: str = ""
    url: str = ""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def other_host(self) -> str:
        """The host in Location, if it is not the host of the request."""
        target = _host(self.location)
        return target if target and target != _host(self.url) else ""

    @property
    def redirects_to_itself(self) -> bool:
        """Whether Location is the URL of the request."""
        if not self.location or not self.url:
            return False
        try:
            return urldefrag(urljoin(self.url, self.location)).url == urldefrag(self.url).url
        except ValueError:
            return False

    @property
    def is_html(self) -> bool:
        return "html" in self.headers.get("content-type", "").lower() or "<html" in self.body[:2000].lower()

    @cached_property
    def refusal(self) -> Refusal | None:
        """Who refused the request; None for a response of the product, and for a redirect to the same URL."""
        found = classify(self.status, self.headers, self.body, url=self.url, location=self.location or None)
        if found and found.kind is RefusalKind.SIGN_IN and self.redirects_to_itself:
            return None
        return found

    def refused_with(self, status: int) -> RefusalKind | None:
        """The kind of refusal that the body would be with this status; None for a text that is not a web page."""
        if not _PAGE.search(self.body):
            return None
        found = classify(status, self.headers, self.body)
        return found.kind if found else None

    @property
    def heading(self) -> str:
        """The title of the page, or the beginning of the text."""
        title = _TITLE.search(self.body)
        return title[1] if title and title[1].strip() else self.body[: 2 * MAX_QUOTE_LENGTH]

    def __str__(self) -> str:
        """``GET https://wiki.example.com/x → 302 https://sso.example.com/``."""
        request = " ".join(part for part in (self.method, self.url) if part)
        response = " ".join(part for part in (str(self.status or ""), self.location) if part)
        return shorten(f"{request} → {response}" if request else response)


def shorten(text: str, limit: int = MAX_QUOTE_LENGTH) -> str:
    """Collapse whitespace and cut the text to ``limit`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
