"""The site list: the JSON string in managed app configuration under the key ``sites``, the same for every MDM. Pure.

Microsoft Intune reserves ``{{`` and ``}}``, and other MDMs replace ``$NAME``, ``{Name}``, or ``%Name%``. Therefore
structural braces are separated by spaces, and ``{``, ``}``, ``$``, and ``%`` inside strings are written as JSON
escapes: the app reads the same text, and no MDM replaces anything. Source: "Configure OAuth 2.0 for Confluence iOS",
Atlassian.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from rollout.message_ids import gettext_noop as _

from .reading import parse_site_list
from .site_entry import SiteEntry, SiteListError, check_duplicates, validate_entry

__all__ = ["SiteEntry", "SiteListError", "build_site_list", "parse_site_list", "prettify", "pretty_site_list"]

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_SPACED = {"[": "[ ", "]": " ]", "{": "{ ", "}": " }"}
_IN_STRINGS = str.maketrans({"{": "\\u007b", "}": "\\u007d", "$": "\\u0024", "%": "\\u0025"})


def build_site_list(entries: Iterable[SiteEntry]) -> str:
    """Return the site list on one line, in the given order, with keys in the order of Atlassian's page.

    Braces are never adjacent. Raises SiteListError (a ValueError) for an empty list, an invalid entry, or a site that
    occurs twice. Loopback addresses are allowed here; they are validated when a site is saved.
    """
    return line_of(_payload(entries))


def pretty_site_list(entries: Iterable[SiteEntry]) -> str:
    """Return the site list indented by two spaces, also without ``{{`` and ``}}``. Raises like ``build_site_list``."""
    return _indented(_payload(entries))


def prettify(site_list: str) -> str:
    """Return the indented form of a result of ``build_site_list``. Parse other text with ``parse_site_list`` first."""
    return _indented(json.loads(site_list))


def _payload(entries: Iterable[SiteEntry]) -> list[dict[str, Any]]:
    checked = [validate_entry(entry, f"[{index}]", allow_loopback_http=True) for index, entry in enumerate(entries)]
    if not checked:
        raise SiteListError("empty-list", _("The list contains no sites. Add at least one."))
    check_duplicates(checked)
    return [_site(entry) for entry in checked]


def _site(entry: SiteEntry) -> dict[str, Any]:
    site: dict[str, Any] = {"title": entry.title, "baseURL": entry.base_url}
    if entry.skip_info is not None:
        site["skipInfo"] = entry.skip_info
    if entry.client_id is not None:
        site["oauth"] = {
            "clientID": entry.client_id,
            "cacheSessionInMobileBrowser": entry.cache_session_in_mobile_browser,
        }
    return site


def line_of(payload: list[dict[str, Any]]) -> str:
    """Return sites that were checked before, with other keys that they have, as ``build_site_list`` writes them."""
    return _STRING_OR_BRACKET.sub(
        lambda token: _SPACED.get(token[0]) or token[0].translate(_IN_STRINGS), json.dumps(payload, ensure_ascii=False)
    )


def _indented(payload: list[dict[str, Any]]) -> str:
    text = json.dumps(payload, ensure_ascii=False, indent=2)
    return _STRING_OR_BRACKET.sub(
        lambda token: token[0].translate(_IN_STRINGS) if token[0].startswith('"') else token[0], text
    )
