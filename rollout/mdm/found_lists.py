"""What is found in an app configuration on the way to its site list. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rollout.formats.site_cells import shown
from rollout.message_ids import gettext_noop as _

from .json_nodes import Node
from .list_findings import Faults
from .secret_keys import holds_secret
from .source_text import SourceText

KEY = "sites"
MAX_KEPT_KEYS = 100
VALUE_NAMES = {
    "list": _("an encoded list"),
    "json-string": _("a JSON string"),
    "json-object": _("an object"),
    "base64": _("base64"),
    "array": _("an array"),
    "dict": _("a dictionary"),
    "data": _("data (base64)"),
}
_TEXT_TYPES = {"string", "text", "stringtype", "str", "valuestring"}


@dataclass
class FoundList:
    """A site list: ``entries`` is an array whose offsets are those of ``source``.

    ``source`` is the JSON text of the list if ``is_text``; otherwise the list stands in another structure.
    """

    entries: Node
    source: SourceText
    is_text: bool


@dataclass
class Found:
    """The containers, outermost first, the lists in them, and the other keys beside ``sites``."""

    faults: Faults
    containers: list[str] = field(default_factory=list)
    lists: list[FoundList] = field(default_factory=list)
    kept_keys: list[str] = field(default_factory=list)

    def keep(self, source: SourceText, key: str, at: int, *, text: str | None) -> None:
        """Note another key of the configuration; ``text`` is its value if that is a text."""
        name = shown(key)
        if text and holds_secret(key):
            self.faults.add("secret-beside", source, at, key=name)
        if name and name not in self.kept_keys and len(self.kept_keys) < MAX_KEPT_KEYS:
            self.kept_keys.append(name)


Open = Callable[[SourceText, Found], None]


def is_sites_key(key: str) -> bool:
    """Whether a key is ``sites`` or a misspelling of it."""
    return key.strip().lower().replace("_", "").replace("-", "") in {"sites", "site", "sitelist", "siteslist"}


def check_key(found: Found, source: SourceText, key: str, at: int) -> None:
    if key != KEY:
        found.faults.add("sites-spelling", source, at, found=shown(key))


def check_type(found: Found, source: SourceText, value_type: str, at: int) -> None:
    if value_type.strip() and value_type.strip().lower() not in _TEXT_TYPES:
        found.faults.add("sites-type", source, at, found=shown(value_type))


def open_value(found: Found, source: SourceText, open_text: Open) -> None:
    """Read the text under the key ``sites``. Only the list itself is right there."""
    inner = Found(found.faults, kept_keys=found.kept_keys)
    open_text(source, inner)
    found.lists += inner.lists
    if inner.lists and inner.containers != ["list"]:
        found.faults.add("sites-not-text", source, 0, found=VALUE_NAMES.get(inner.containers[0], "XML"))
