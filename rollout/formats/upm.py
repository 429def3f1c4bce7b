"""Parser for the JSON of Atlassian's Universal Plugin Manager (UPM). Without Django.

``/rest/plugins/1.0/{key}-key`` returns one plugin, ``/rest/plugins/1.0/`` returns ``{"plugins": [...]}``. Both require
an administrator. Duplicate keys and ``NaN`` are errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rollout.compatibility.version import Version
from rollout.message_ids import gettext_noop as _

PATH = "/rest/plugins/1.0/"
PAGE_PATH = "/plugins/servlet/upm"  # the plugin manager's page, "Manage apps"
# The plugin manager serves these media types and responds 406 to application/json (seen in public test code); older
# versions and proxies that read the response serve application/json.
PLUGIN_TYPE = "application/vnd.atl.plugins.plugin+json"
LIST_TYPE = "application/vnd.atl.plugins.installed+json"
OAUTH_KEY = "com.atlassian.oauth2.oauth2-provider-plugin"  # not documented, so the plugin is also found by its name
OAUTH_NAME = "oauth 2.0 provider"
MOBILE_KEYS = {
    "confluence": "com.atlassian.confluence.plugins.confluence-mobile-plugin",
    "jira": "com.atlassian.jira.mobile.jira-mobile-rest",
}
MAX_LENGTH = 3_000_000  # characters; the list of a large site has about 500,000
MAX_VALUES = 20  # JSON values pasted one after the other
MAX_VERSION_LENGTH = 40


class UpmError(ValueError):
    """The text is not JSON of the plugin manager. ``message`` is a message ID with placeholders for ``values``."""

    def __init__(self, code: str, message: str, **values: str) -> None:
        super().__init__(message % values)
        self.code, self.message, self.values = code, message, values


@dataclass(frozen=True)
class Plugin:
    """One plugin of the plugin manager. ``enabled`` is None if unknown."""

    key: str
    version: str
    enabled: bool | None


@dataclass(frozen=True)
class Plugins:
    """The two plugins that the app needs to sign in; None if a plugin is not in the text."""

    oauth: Plugin | None = None
    mobile: Plugin | None = None


def path_of(key: str) -> str:
    """Return the path of one plugin below the site's base URL."""
    return f"{PATH}{key}-key"


def page_url(base_url: str) -> str:
    """Return the URL of the plugin manager's page, where an administrator sees all versions."""
    return base_url.rstrip("/") + PAGE_PATH


def accept(media_type: str) -> str:
    """Return the Accept header for one of the plugin manager's media types, JSON, or any other type."""
    return f"{media_type}, application/json;q=0.9, */*;q=0.1"


def read_upm(text: str, *, product: str) -> Plugins:
    """Parse pasted JSON: one plugin, several one after another, or the whole list. Raises UpmError."""
    listed = [plugin for value in _values(text) for plugin in _listed(value)]
    plugins = Plugins(_oauth(listed), _by_key(listed, MOBILE_KEYS[product]))
    if plugins.oauth or plugins.mobile:
        return plugins
    if _by_key(listed, *(key for name, key in MOBILE_KEYS.items() if name != product)):
        raise UpmError("other-product", _("This is the mobile plugin of another product. Open the address shown here."))
    if not listed:
        raise UpmError("no-plugin", _("This JSON is not a response of the plugin manager: it contains no plugin."))
    raise UpmError(
        "not-listed",
        _(
            "The text contains neither the OAuth 2.0 provider plugin nor the mobile plugin. Open the addresses "
            "shown here."
        ),
    )


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON values of the text. Values that were pasted one after another have no comma between them."""
    text = text.strip().removeprefix("\ufeff").strip()
    if not text:
        raise UpmError("empty", _("The text is empty. Paste the JSON from the plugin manager."))
    if len(text) > MAX_LENGTH:
        raise UpmError("too-long", _("The text is longer than three million characters. Paste one plugin instead."))
    if text.startswith("<"):
        raise UpmError(
            "html",
            _("This is a web page, not JSON. Sign in to the site as an administrator and open the address again."),
        )
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)
    position = 0
    for _count in range(MAX_VALUES):
        value, position = _next_value(decoder, text, position)
        yield value
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        if position == len(text):
            return
    raise UpmError("too-many", _("The text contains more than 20 JSON values. Paste one plugin at a time."))


def _next_value(decoder: json.JSONDecoder, text: str, position: int) -> tuple[Any, int]:
    try:
        return decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        line, column = str(error.lineno), str(error.colno)
        message = _("The JSON is invalid at line %(line)s, column %(column)s. Copy all of it.")
        raise UpmError("not-json", message, line=line, column=column) from None
    except UpmError:
        raise
    except (RecursionError, ValueError):  # too deeply nested, or a number with thousands of digits
        raise UpmError("not-upm", _("This JSON is not a response of the plugin manager.")) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise UpmError("duplicate-key", _("A key occurs twice in one object. Copy the response again, unchanged."))
    return result


def _refuse_constant(_name: str) -> None:
    raise UpmError("not-json", _("NaN and Infinity are not valid JSON. Copy the response again, unchanged."))


def _listed(value: Any) -> list[dict[str, Any]]:
    """Return the objects that describe a plugin: the value itself, its items, or its ``plugins``."""
    if isinstance(value, dict):
        value = value["plugins"] if isinstance(value.get("plugins"), list) else [value]
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("key"), str)]


def _oauth(listed: list[dict[str, Any]]) -> Plugin | None:
    by_name = [item for item in listed if OAUTH_NAME in str(item.get("name", "")).casefold()]
    return _by_key(listed, OAUTH_KEY) or (_plugin(by_name[0]) if by_name else None)


def _by_key(listed: list[dict[str, Any]], *keys: str) -> Plugin | None:
    plugins = {_plugin(item) for item in listed if item["key"] in keys}
    if len(plugins) > 1:
        message = _("The plugin %(key)s occurs twice with different values. Paste only the newer one.")
        raise UpmError("contradiction", message, key=keys[0])
    return plugins.pop() if plugins else None


def _plugin(item: dict[str, Any]) -> Plugin:
    key, version, enabled = item["key"], item.get("version", ""), item.get("enabled")
    try:
        text = str(Version.parse(version))
    except ValueError:
        text = ""
    if not 0 < len(text) <= MAX_VERSION_LENGTH:
        raise UpmError("bad-version", _("The plugin %(key)s has no readable version in this text."), key=key[:100])
    return Plugin(key, text, enabled if isinstance(enabled, bool) else None)
