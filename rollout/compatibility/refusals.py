"""Who refused a request: classifies a response that does not come from the product, or in which it asks for a sign-in.

Pure, and shared by the rules and the troubleshooter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from . import refusal_marks as marks
from .base_urls import is_internal

MAX_CHARACTERS = 16_384  # what identifies a page is in its head
_HEADING = re.compile(r"<(title|h1|h2)\b[^<>]{0,200}>(.{0,300}?)</\1", re.IGNORECASE | re.DOTALL)
_OWN_PAGE = re.compile(r"<meta[^<>]{0,100}\bname\s*=\s*[\"']ajs-", re.IGNORECASE)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNAVAILABLE = frozenset({502, 503, 504, 520, 521, 522, 523, 524})


class RefusalKind(StrEnum):
    """What kind of refusal a response is."""

    CLIENT_CERTIFICATE = "client_certificate"  # the server requires a TLS client certificate
    FIREWALL = "firewall"  # a firewall or a bot defense
    ADDRESS_LIST = "address_list"  # only certain addresses may connect
    FORBIDDEN = "forbidden"  # 403 without a reason
    RATE_LIMIT = "rate_limit"
    COOKIE_CHECK = "cookie_check"  # redirects to the same URL until its cookie comes back
    SIGN_IN = "sign_in"
    MAINTENANCE = "maintenance"
    UNAVAILABLE = "unavailable"  # a proxy without a working server behind it
    MOVED = "moved"  # the same path on another host
    CLOUD = "cloud"  # Atlassian Cloud
    OTHER_PAGE = "other_page"  # a web page that is not the product's


class Refusal(NamedTuple):
    """``by`` is the name of the product that refused, empty if it is unknown."""

    kind: RefusalKind
    by: str = ""


def classify(
    status: int | None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    text: str,
    *,
    url: str = "",
    location: str | None = None,
) -> Refusal | None:
    """Return who refused a request; None for a response of the product itself, of another API, or a plain 404.

    ``headers`` have names in any case; values may be masked, but not removed. ``text`` is the body or its beginning,
    ``url`` the requested URL and ``location`` the target of a redirect, both absolute if they are known.
    """
    if status is None:
        return None
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    fields = {name.lower(): value.strip() for name, value in pairs}
    if status in _REDIRECTS and (location or fields.get("location")):
        return _of_redirect(fields, url, location or fields["location"])
    if status == 429:
        return Refusal(RefusalKind.RATE_LIMIT, _firewall_by_headers(fields))
    text = text[:MAX_CHARACTERS]
    is_page = "html" in fields.get("content-type", "") or "<html" in text[:2000].lower()
    if status < 300:
        return _of_page(fields, text) if is_page else None
    return _of_error(status, fields, text)


def is_product(headers: Mapping[str, str]) -> bool:
    """Whether headers (names in lower case) show that Confluence or Jira itself responded."""
    return any(name in headers for name in marks.PRODUCT_HEADERS)


def _of_redirect(fields: Mapping[str, str], url: str, location: str) -> Refusal:
    source, target = _split(url), _split(location, base=url)
    if url and _without_fragment(target) == _without_fragment(source) and "set-cookie" in fields:
        return Refusal(RefusalKind.COOKIE_CHECK, _named_by(marks.COOKIES, fields["set-cookie"]))
    if marks.CLOUD_HOST.search(target.hostname or ""):
        return Refusal(RefusalKind.CLOUD)
    if url and _is_moved(source, target):
        return Refusal(RefusalKind.MOVED)
    if marks.MAINTENANCE_PATH.search(target.path):
        return Refusal(RefusalKind.MAINTENANCE)
    return Refusal(RefusalKind.SIGN_IN)


def _is_moved(source: SplitResult, target: SplitResult) -> bool:
    """Whether the path and the query stay and only the host or port changes. A single sign-on never keeps them.

    A name of the internal network is no new address of a public site.
    """
    if not target.hostname or target.scheme not in (source.scheme, "https"):
        return False
    if target.hostname == source.hostname:
        if target.scheme != source.scheme or target.port == source.port:
            return False
    elif is_internal(target.hostname) and not is_internal(source.hostname or ""):
        return False
    return bool(source.path.strip("/")) and target.path.endswith(source.path) and target.query == source.query


def _of_page(fields: Mapping[str, str], text: str) -> Refusal | None:
    """Classify a web page with a status of success."""
    if _OWN_PAGE.search(text) or is_product(fields):
        return None
    if marks.SIGN_IN_FORM.search(text):
        return Refusal(RefusalKind.SIGN_IN)
    headings = " ".join(match[2] for match in _HEADING.finditer(text[:8192]))
    for pattern, by in marks.FIREWALL_PAGES:
        if pattern.search(text if by else headings):
            return Refusal(RefusalKind.FIREWALL, by or _firewall_by_headers(fields))
    if marks.BOT_CHECK.search(headings):
        return Refusal(RefusalKind.FIREWALL, _firewall_by_headers(fields))
    if marks.MAINTENANCE.search(headings):
        return Refusal(RefusalKind.MAINTENANCE)
    requests_sign_in = marks.SIGN_IN_REQUEST.search(text) or marks.SIGN_IN_TITLE.search(headings)
    if requests_sign_in or marks.META_REFRESH.search(text) or marks.SCRIPT_REDIRECT.search(text):
        return Refusal(RefusalKind.SIGN_IN)
    return Refusal(RefusalKind.OTHER_PAGE)


def _of_error(status: int, fields: Mapping[str, str], text: str) -> Refusal | None:
    if is_product(fields):
        return Refusal(RefusalKind.SIGN_IN) if status in (401, 403) else None
    if marks.CLOUD_SERVER.search(fields.get("server", "")):
        return Refusal(RefusalKind.CLOUD)
    if status in (400, 404) and "json" in fields.get("content-type", ""):  # an API's, such as an OAuth error
        return None
    if status in marks.CLIENT_CERTIFICATE_STATUSES and marks.CLIENT_CERTIFICATE.search(text):
        return Refusal(RefusalKind.CLIENT_CERTIFICATE)
    by = _named_by(marks.FIREWALL_PAGES, text) if status != 404 else ""
    if status in (403, 503) and marks.RATE_LIMIT.search(text):
        return Refusal(RefusalKind.RATE_LIMIT, by or _firewall_by_headers(fields))
    if status == 401 or "www-authenticate" in fields:
        return Refusal(RefusalKind.SIGN_IN, fields.get("www-authenticate", "").partition(" ")[0])
    if status in _UNAVAILABLE and not (by or marks.BOT_CHECK.search(text)):
        return Refusal(RefusalKind.MAINTENANCE if marks.MAINTENANCE.search(text) else RefusalKind.UNAVAILABLE)
    if status in (400, 403, 405, 406, 418, 444, 501, 503, 999):
        return _of_block(status, fields, text, by)
    return None


def _of_block(status: int, fields: Mapping[str, str], text: str, by: str) -> Refusal | None:
    """Classify a refusal by a firewall, a list of addresses or a sign-in page with a status of error."""
    if marks.ADDRESS_LIST.search(text):
        return Refusal(RefusalKind.ADDRESS_LIST, by)
    if status == 403 and marks.SIGN_IN_FORM.search(text):
        return Refusal(RefusalKind.SIGN_IN)
    generic = [marks.BOT_CHECK, *(pattern for pattern, name in marks.FIREWALL_PAGES if not name)]
    if by or any(pattern.search(text) for pattern in generic):
        return Refusal(RefusalKind.FIREWALL, by or _firewall_by_headers(fields))
    if status != 403:
        return None
    by = _firewall_by_headers(fields)
    return Refusal(RefusalKind.FIREWALL, by) if by else Refusal(RefusalKind.FORBIDDEN)


def _firewall_by_headers(fields: Mapping[str, str]) -> str:
    return next((by for name, pattern, by in marks.FIREWALL_HEADERS if pattern.search(fields.get(name, ""))), "")


def _named_by(table: Iterable[tuple[re.Pattern[str], str]], text: str) -> str:
    return next((by for pattern, by in table if by and pattern.search(text)), "")


def _split(url: str, base: str = "") -> SplitResult:
    try:
        parts = urlsplit(urljoin(base, url) if base else url)
        _ = parts.hostname, parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _without_fragment(parts: SplitResult) -> SplitResult:
    return parts._replace(fragment="")
