"""Check each entry of a site list, and repair what needs no guess. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from rollout.formats.site_cells import shown

from .base_url_checks import check_base_url
from .entry_objects import BOOLEAN, OAUTH_KEYS, OBJECT, SITE_KEYS, TEXT, Checks, Fields, read_fields, type_name
from .json_nodes import Member, Node
from .site_entry import BIDI_CONTROLS, MAX_TITLE, SiteListError, check_client_id, check_title
from .variables import Vendor

_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_PERCENT_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_REDIRECT = re.compile(r"[a-z][a-z0-9+.-]*://.*|.*oauth-callback.*", re.IGNORECASE | re.DOTALL)
_PLACEHOLDER = re.compile(
    r"(?:your|my|the|insert|enter)?[-_. ]*client[-_. ]*id(?:[-_. ]*here)?|<.*>|x{3,}|\.{3,}"
    r"|todo|changeme|placeholder",
    re.IGNORECASE,
)


def check_entries(checks: Checks, vendors: Sequence[Vendor], *, allow_loopback_http: bool) -> list[dict[str, Any]]:
    """Return the entries as the app should get them. Those that cannot be repaired are incomplete."""
    entries = checks.found.entries
    if not entries.value and checks.faults.is_repairable:  # otherwise its entries may only be cut off
        checks.add("no-sites", entries.start)
    sites: list[dict[str, Any]] = []
    first_at: dict[str, int] = {}
    for number, node in enumerate(entries.value, 1):
        checks.entry = number
        if not node.is_object:
            checks.add("entry-not-object", node.start, found=type_name(node))
            continue
        site = _site(node, checks, vendors, allow_loopback_http=allow_loopback_http)
        base_url = site.get("baseURL", "")
        if base_url and base_url in first_at:
            first = sites[first_at[base_url]]
            values = {"base_url": shown(base_url), "first": str(first_at[base_url] + 1)}
            checks.add("duplicate-site", node.start, repaired=first == site, **values)
            if first == site:
                continue
        first_at.setdefault(base_url, len(sites))
        sites.append(site)
    checks.entry = None
    return sites


def _site(node: Node, checks: Checks, vendors: Sequence[Vendor], *, allow_loopback_http: bool) -> dict[str, Any]:
    fields = read_fields(node, SITE_KEYS, OAUTH_KEYS, checks)
    site: dict[str, Any] = {}
    if (title := _required(fields, "title", node, checks)) is not None:
        _check_variables(title, "title", checks, vendors)
        if (text := _text(title, "title", checks)) is not None:
            site["title"] = _title(text, title.node.start, checks)
    if (url := _required(fields, "baseURL", node, checks)) is not None:
        _check_variables(url, "baseURL", checks, vendors)
        if (text := _text(url, "baseURL", checks)) is not None:
            at = url.node.start
            text = _without_entities(text, "baseURL", at, checks)
            site["baseURL"] = check_base_url(text, at, checks, allow_loopback_http=allow_loopback_http)
    if member := fields.known.get("skipInfo"):
        checks.add("skip-info", member.at)
        site["skipInfo"] = _boolean(member, "skipInfo", checks)
    oauth = fields.known.get("oauth")
    if oauth is None and "clientID" in fields.misplaced:
        site["oauth"] = _oauth(fields.misplaced, {}, node, checks, vendors)
    elif oauth is not None and oauth.node.is_object:
        inner = read_fields(oauth.node, OAUTH_KEYS, SITE_KEYS, checks)
        site["oauth"] = _oauth({**fields.misplaced, **inner.known}, inner.others, oauth.node, checks, vendors)
    elif oauth is not None:
        _wrong_type(oauth, "oauth", OBJECT, checks, repaired=oauth.node.value is None)
    return site | fields.others


def _oauth(
    known: dict[str, Member], others: dict[str, Any], node: Node, checks: Checks, vendors: Sequence[Vendor]
) -> dict[str, Any]:
    oauth: dict[str, Any] = {}
    if client_id := known.get("clientID"):
        _check_variables(client_id, "clientID", checks, vendors)
        if (text := _text(client_id, "clientID", checks)) is not None:
            oauth["clientID"] = _client_id(text, client_id.node.start, checks)
    else:
        checks.add("missing-key", node.start, key="clientID")
    if flag := known.get("cacheSessionInMobileBrowser"):
        oauth["cacheSessionInMobileBrowser"] = _boolean(flag, "cacheSessionInMobileBrowser", checks)
    else:
        checks.add("missing-flag", node.start)
        oauth["cacheSessionInMobileBrowser"] = False
    return oauth | others


def _required(fields: Fields, key: str, node: Node, checks: Checks) -> Member | None:
    member = fields.known.get(key)
    if member is None:
        checks.add("missing-key", node.start, key=key)
    return member


def _text(member: Member, key: str, checks: Checks) -> str | None:
    value = member.node.value
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    _wrong_type(member, key, TEXT, checks, repaired=is_number)
    return checks.raw(member.node) if is_number else None


def _boolean(member: Member, key: str, checks: Checks) -> bool:
    value = member.node.value
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in {"true", "false"}:
        checks.add("boolean-as-text", member.node.start, key=key, value=word)
        return word == "true"
    _wrong_type(member, key, BOOLEAN, checks, repaired=isinstance(value, int) and value in {0, 1})
    return bool(value)


def _wrong_type(member: Member, key: str, expected: str, checks: Checks, *, repaired: bool) -> None:
    found = type_name(member.node)
    checks.add("wrong-type", member.node.start, key=key, found=found, expected=expected, repaired=repaired)


def _title(text: str, at: int, checks: Checks) -> str:
    text = _without_entities(text, "title", at, checks)
    try:
        check_title(text[:MAX_TITLE], "")
    except SiteListError as error:
        visible = "".join(character for character in text if character not in BIDI_CONTROLS)
        repaired = error.code == "title-character" and _is_title(visible)
        checks.add(error.code, at, repaired=repaired, **error.values)
        text = visible if repaired else text
    if len(text) > MAX_TITLE:
        checks.add("title-long", at)
    if text.strip() and text != text.strip():
        checks.add("title-space", at)
    return text.strip()


def _is_title(text: str) -> bool:
    try:
        check_title(text[:MAX_TITLE], "")
    except SiteListError:
        return False
    return True


def _without_entities(text: str, key: str, at: int, checks: Checks) -> str:
    if not (entity := _ENTITY.search(text)):
        return text
    checks.add("html-entity", at, key=key, found=entity[0])
    for _time in range(3):
        text = html.unescape(text)
    return text.replace("\u00a0", " ")


def _client_id(text: str, at: int, checks: Checks) -> str:
    if text.strip() and text != text.strip():
        checks.add("client-id-space", at)
        text = text.strip()
    if _REDIRECT.fullmatch(text):
        checks.add("client-id-redirect", at)
        return text
    try:
        check_client_id(text, "")
    except SiteListError as error:
        checks.add(error.code, at)
        return text
    if _PLACEHOLDER.fullmatch(text):
        checks.add("client-id-placeholder", at)
    return text


def _check_variables(member: Member, key: str, checks: Checks, vendors: Sequence[Vendor]) -> None:
    """Report what the MDM would replace: it sees the raw text, in which a variable with JSON escapes is none."""
    value = member.node.value
    if not isinstance(value, str) or not any(mark in value for mark in "$%{"):
        return
    raw = checks.raw(member.node)
    if key == "baseURL":
        raw = _PERCENT_ESCAPE.sub(" ", raw)  # %C3%A9 is a letter, although a variable can look like it
    names: dict[str, list[str]] = {}
    for vendor in vendors:
        if match := vendor.variables.search(raw):
            names.setdefault(shown(match[0]), []).append(vendor.name)
    for found, replaced_by in names.items():
        checks.add("vendor-variable", member.node.start, found=found, key=key, vendor=", ".join(replaced_by))
