"""The vendor-neutral site list: the JSON string that managed app configuration carries under the key ``sites``. Pure.

Microsoft Intune reserves ``{{`` and ``}}``, and other vendors replace ``$NAME`` or ``{Name}``. So structural braces
are kept apart by spaces, and inside strings ``{``, ``}`` and ``$`` are written as JSON escapes: the app reads the
same text, and no vendor finds anything to replace. Source: "Configure OAuth 2.0 for Confluence iOS", Atlassian.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from rollout.message_ids import gettext_noop as _

from .reading import parse_site_list
from .site_entry import SiteEntry, SiteListError, checked_entry, refuse_duplicates

__all__ = ["SiteEntry", "SiteListError", "build_site_list", "parse_site_list", "prettify", "pretty_site_list"]

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_SPACED = {"[": "[ ", "]": " ]", "{": "{ ", "}": " }"}
_IN_STRINGS = str.maketrans({"{": "\\u007b", "}": "\\u007d", "$": "\\u0024"})


def build_site_list(entries: Iterable[SiteEntry]) -> str:
    """The site list on one line, in the order given, keys in the order of Atlassian's page, ``} }`` never adjacent.

    Raises SiteListError (a ValueError) for an empty list, an entry that cannot be written, or a site that is in it
    twice. Loopback addresses pass: whether a site may have one is decided where it is stored.
    """
    return _line(_payload(entries))


def pretty_site_list(entries: Iterable[SiteEntry]) -> str:
    """The same list indented by two spaces, for reading; also free of ``{{`` and ``}}``. Raises as the builder does."""
    return _indented(_payload(entries))


def prettify(site_list: str) -> str:
    """The indented form of what ``build_site_list`` returned. Text from elsewhere is for ``parse_site_list``."""
    return _indented(json.loads(site_list))


def _payload(entries: Iterable[SiteEntry]) -> list[dict[str, Any]]:
    checked = [checked_entry(entry, f"[{index}]", allow_loopback_http=True) for index, entry in enumerate(entries)]
    if not checked:
        raise SiteListError("empty-list", _("The list contains no site. Select at least one."))
    refuse_duplicates(checked)
    return [_site(entry) for entry in checked]


def _site(entry: SiteEntry) -> dict[str, Any]:
    site: dict[str, Any] = {"title": entry.title, "baseURL": entry.base_url}
    if entry.client_id is not None:
        site["oauth"] = {
            "clientID": entry.client_id,
            "cacheSessionInMobileBrowser": entry.cache_session_in_mobile_browser,
        }
    return site


def _line(payload: list[dict[str, Any]]) -> str:
    return _STRING_OR_BRACKET.sub(
        lambda token: _SPACED.get(token[0]) or token[0].translate(_IN_STRINGS), json.dumps(payload, ensure_ascii=False)
    )


def _indented(payload: list[dict[str, Any]]) -> str:
    text = json.dumps(payload, ensure_ascii=False, indent=2)
    return _STRING_OR_BRACKET.sub(
        lambda token: token[0].translate(_IN_STRINGS) if token[0].startswith('"') else token[0], text
    )
