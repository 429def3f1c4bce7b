"""Parse a site list as strictly as the app does, and explain the first problem. Pure.

The json module silently accepts duplicate keys and ``NaN``; here both are errors.
"""

from __future__ import annotations

import json
import re
from typing import Any

from rollout.formats.site_cells import shown
from rollout.message_ids import gettext_noop as _

from .json_errors import not_json
from .site_entry import SiteEntry, SiteListError, check_duplicates, validate_entry
from .variables import STRING, UNMISTAKABLE

MAX_LENGTH = 8_388_608  # characters; 20,000 sites with OAuth take about 3.5 million

_MAX_DEPTH = 8  # deeper than a site list in an object: object, list, site, oauth
_SITE_KEYS = ("title", "baseURL", "oauth", "skipInfo")
_OAUTH_KEYS = ("clientID", "cacheSessionInMobileBrowser")
_SECRET = re.compile(r"secret|passw(or)?d|private_?key|access_?token|refresh_?token", re.IGNORECASE)
TYPE_NAMES = {
    dict: _("an object"),
    list: _("an array"),
    str: _("a string"),
    bool: _("true or false"),
    int: _("a number"),
    float: _("a number"),
    type(None): "null",
}


def parse_site_list(text: str, *, allow_loopback_http: bool = False) -> tuple[SiteEntry, ...]:
    """Return the entries of a site list, with canonical base URLs.

    ``allow_loopback_http`` (trial and tests) allows loopback hosts and http on them. Raises SiteListError with a code,
    a message, and the position of the first problem.
    """
    payload = _load(text)
    _check_secrets(payload, "")
    sites = _array(payload)
    _check_variables(text)
    entries = [_site(site, f"[{index}]") for index, site in enumerate(sites)]
    validated = tuple(
        validate_entry(entry, f"[{index}]", allow_loopback_http=allow_loopback_http)
        for index, entry in enumerate(entries)
    )
    check_duplicates(validated)
    return validated


def check_length(text: str) -> None:
    """Raise SiteListError if the text is longer than ``MAX_LENGTH`` characters."""
    if len(text) > MAX_LENGTH:
        raise SiteListError("too-long", _("The text is longer than 8 million characters, the maximum."))


def _load(text: str) -> Any:
    check_length(text)
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise SiteListError("empty", _("The text is empty. Paste the value of the “sites” key."))
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_reject_constant)
    except SiteListError:
        raise
    except json.JSONDecodeError as error:
        raise not_json(text, error) from None
    except (RecursionError, ValueError):  # too deeply nested, or a number with thousands of digits
        raise SiteListError("not-a-site-list", _("This JSON is not a site list.")) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name, value in pairs:
        if name in seen:
            raise SiteListError(
                "duplicate-key",
                _("The key %(key)s occurs twice in one object. Keep one."),
                values={"key": shown(name)},
            )
        seen[name] = value
    return seen


def _reject_constant(name: str) -> Any:
    raise SiteListError("not-a-number", _("%(name)s is not valid JSON. Remove it."), values={"name": name})


def _array(payload: Any) -> list[Any]:
    if isinstance(payload, dict):
        if "sites" in payload:
            raise SiteListError(
                "wrapped", _("The list is inside an object with the key “sites”. Paste only the value of that key.")
            )
        raise SiteListError(
            "single-object", _("This is a single object. Put square brackets around it: the list must be an array.")
        )
    if isinstance(payload, str):
        raise SiteListError("double-encoded", _("The list is inside a JSON string. Remove the outer quotes."))
    if not isinstance(payload, list):
        raise SiteListError("not-an-array", _("The list is not an array. Start it with [ and end it with ]."))
    if not payload:
        raise SiteListError("empty-list", _("The list contains no sites. Add at least one."))
    return payload


def _check_secrets(value: Any, where: str, depth: int = 0) -> None:
    """Raise SiteListError for a key that names a secret: iOS stores app configuration unencrypted.

    Deeper levels are not searched, because the structure check rejects them afterward.
    """
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            _check_secrets(item, f"{where}[{index}]", depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if _SECRET.search(key):
                raise SiteListError(
                    "secret",
                    _(
                        "The list contains a secret. Remove it and replace it where it was created: phones store app "
                        "configuration unencrypted. The app needs only the client ID."
                    ),
                    f"{where}.{shown(key)}",
                )
            _check_secrets(item, f"{where}.{shown(key)}", depth + 1)


def _check_variables(text: str) -> None:
    for string in STRING.finditer(text):
        for vendor in UNMISTAKABLE:
            if match := vendor.variables.search(string[0]):
                raise SiteListError(
                    "vendor-variable",
                    _(
                        "%(found)s is a variable that %(vendor)s replaces. Enter the final text; otherwise phones show "
                        "the replacement or the variable's name."
                    ),
                    values={"found": shown(match[0]), "vendor": vendor.name},
                )


def _site(value: Any, where: str) -> SiteEntry:
    _require_type(value, dict, where)
    _check_keys(value, where, required=("title", "baseURL"), known=_SITE_KEYS, elsewhere=_OAUTH_KEYS)
    title = _require_type(value["title"], str, f"{where}.title")
    base_url = _require_type(value["baseURL"], str, f"{where}.baseURL")
    skip_info = _boolean(value["skipInfo"], f"{where}.skipInfo") if "skipInfo" in value else None
    if "oauth" not in value:
        return SiteEntry(title, base_url, skip_info=skip_info)
    oauth = _require_type(value["oauth"], dict, f"{where}.oauth")
    _check_keys(oauth, f"{where}.oauth", required=_OAUTH_KEYS, known=_OAUTH_KEYS, elsewhere=_SITE_KEYS)
    client_id = _require_type(oauth["clientID"], str, f"{where}.oauth.clientID")
    cache = _boolean(oauth["cacheSessionInMobileBrowser"], f"{where}.oauth.cacheSessionInMobileBrowser")
    return SiteEntry(title, base_url, client_id, cache, skip_info)


def _boolean(value: Any, where: str) -> bool:
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        raise SiteListError(
            "boolean-as-string",
            _("%(value)s is in quotes, so it is text. Remove the quotes."),
            where,
            {"value": value.strip().lower()},
        )
    flag: bool = _require_type(value, bool, where)
    return flag


def _require_type(value: Any, kind: type, where: str) -> Any:
    if type(value) is not kind:
        raise SiteListError(
            "wrong-type",
            _("Expected %(expected)s, but found %(found)s."),
            where,
            {"found": TYPE_NAMES[type(value)], "expected": TYPE_NAMES[kind]},
        )
    return value


def _check_keys(
    value: dict[str, Any], where: str, *, required: tuple[str, ...], known: tuple[str, ...], elsewhere: tuple[str, ...]
) -> None:
    for key in value:
        if key not in known:
            raise _unknown_key(key, where, known, elsewhere)
    for key in required:
        if key not in value:
            raise SiteListError("missing-key", _("The key %(key)s is missing."), where, {"key": key})


def _unknown_key(key: str, where: str, known: tuple[str, ...], elsewhere: tuple[str, ...]) -> SiteListError:
    def fold(name: str) -> str:
        return name.strip().replace("_", "").replace("-", "").lower()

    values = {"found": shown(key)}
    for expected in known:
        if fold(key) == fold(expected):
            message = _("The key %(found)s must be spelled %(expected)s, including capitalization.")
            return SiteListError("key-spelling", message, where, values | {"expected": expected})
    if fold(key) in {fold(name) for name in elsewhere}:
        return SiteListError(
            "misplaced-key",
            _(
                "The key %(found)s is in the wrong object: title, baseURL and oauth belong to the site; clientID and"
                " cacheSessionInMobileBrowser belong inside oauth."
            ),
            where,
            values,
        )
    return SiteListError("unknown-key", _("The app does not support the key %(found)s. Remove it."), where, values)
