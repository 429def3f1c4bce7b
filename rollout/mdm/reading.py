"""Parse a site list that Gatepass wrote, as strictly as the app does. Pure. Lists of others: ``check_configuration``.

The json module silently accepts duplicate keys and ``NaN``; here both are errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rollout.message_ids import gettext_noop as _

from .site_entry import SiteEntry, SiteListError, check_duplicates, validate_entry

_KEYS = {"title": str, "baseURL": str, "skipInfo": bool, "oauth": dict}
_OAUTH_KEYS = {"clientID": str, "cacheSessionInMobileBrowser": bool}


def parse_site_list(text: str, *, allow_loopback_http: bool = False) -> tuple[SiteEntry, ...]:
    """Return the entries of a site list, with canonical base URLs.

    ``allow_loopback_http`` (trial and tests) allows loopback hosts and http on them. Raises SiteListError.
    """
    try:
        payload = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise _not_a_list() from None
    if not isinstance(payload, list) or not payload:
        raise _not_a_list()
    entries = [_entry(site, f"[{index}]") for index, site in enumerate(payload)]
    validated = tuple(
        validate_entry(entry, f"[{index}]", allow_loopback_http=allow_loopback_http)
        for index, entry in enumerate(entries)
    )
    check_duplicates(validated)
    return validated


def _not_a_list(where: str = "") -> SiteListError:
    return SiteListError("not-a-site-list", _("This is not a site list."), where)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _refuse(_constant: str) -> Any:
    raise ValueError


def _entry(value: Any, where: str) -> SiteEntry:
    site = _members(value, _KEYS, {"title", "baseURL"}, where)
    if "oauth" not in site:
        return SiteEntry(site["title"], site["baseURL"], skip_info=site.get("skipInfo"))
    oauth = _members(site["oauth"], _OAUTH_KEYS, _OAUTH_KEYS, f"{where}.oauth")
    flag = oauth["cacheSessionInMobileBrowser"]
    return SiteEntry(site["title"], site["baseURL"], oauth["clientID"], flag, site.get("skipInfo"))


def _members(value: Any, known: dict[str, type], required: Iterable[str], where: str) -> dict[str, Any]:
    """Return an object with known keys of the right types only."""
    if not isinstance(value, dict) or not set(required) <= value.keys() <= known.keys():
        raise _not_a_list(where)
    for key, member in value.items():
        if type(member) is not known[key]:
            raise _not_a_list(f"{where}.{key}")
    return value
