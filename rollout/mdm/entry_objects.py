"""Read the objects of a site list: known keys, misspelled ones, other ones, and secrets. Pure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rollout.formats.site_cells import shown
from rollout.message_ids import gettext_noop as _

from .found_lists import FoundList
from .json_nodes import Member, Node
from .list_findings import Faults
from .secret_keys import holds_secret

SITE_KEYS = ("title", "baseURL", "skipInfo", "oauth")
OAUTH_KEYS = ("clientID", "cacheSessionInMobileBrowser")
# Other words for a key, folded.
_ALIASES = {
    "name": "title",
    "sitename": "title",
    "sitetitle": "title",
    "url": "baseURL",
    "siteurl": "baseURL",
    "address": "baseURL",
    "cachesession": "cacheSessionInMobileBrowser",
    "oauth2": "oauth",
}
OBJECT, ARRAY, TEXT, BOOLEAN = _("an object"), _("an array"), _("a string"), _("true or false")
_TYPES: dict[type, str] = {str: TEXT, bool: BOOLEAN, int: _("a number"), float: _("a number"), type(None): "null"}
TYPE_NAMES = frozenset({OBJECT, ARRAY, *_TYPES.values()})


def type_name(node: Node) -> str:
    return OBJECT if node.is_object else ARRAY if node.is_array else _TYPES[type(node.value)]


@dataclass
class Checks:
    """What the checks of one list share. ``secrets`` are the offsets of values that nothing may show."""

    found: FoundList
    faults: Faults
    entry: int | None = None
    secrets: list[tuple[int, int]] = field(default_factory=list)

    def add(self, kind: str, at: int, *, repaired: bool | None = None, **values: str) -> None:
        self.faults.add(kind, self.found.source, at, entry=self.entry, repaired=repaired, values=values)

    def raw(self, node: Node) -> str:
        """Return a value as it stands in the list, with its escapes."""
        return self.found.source.text[node.start : node.end] if self.found.is_text else str(node.value)


@dataclass
class Fields:
    """The members of an object by their right keys, those that belong elsewhere, and the values of unknown keys."""

    known: dict[str, Member] = field(default_factory=dict)
    misplaced: dict[str, Member] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)


def read_fields(node: Node, known: tuple[str, ...], elsewhere: tuple[str, ...], checks: Checks) -> Fields:
    fields = Fields()
    misspelled: list[tuple[str, Member]] = []
    for member in node.value:
        if member.key in known:
            _add(fields.known, member.key, member, checks)
        elif expected := expected_key(member.key, known):
            misspelled.append((expected, member))
        elif holds_secret(member.key):
            _secret(member, checks)
        elif expected := expected_key(member.key, elsewhere):
            checks.add("key-misplaced", member.at, found=shown(member.key))
            _add(fields.misplaced, expected, member, checks)
        else:
            checks.add("unknown-key", member.at, found=shown(member.key))
            fields.others[printable(member.key)] = plain(member.node, checks)
    for expected, member in misspelled:
        checks.add("key-spelling", member.at, found=shown(member.key), expected=expected)
        _add(fields.known, expected, member, checks)
    return fields


def _add(members: dict[str, Member], key: str, member: Member, checks: Checks) -> None:
    if key not in members:
        members[key] = member
        return
    same = checks.raw(members[key].node) == checks.raw(member.node)
    checks.add("duplicate-key", member.at, key=shown(key), repaired=same)


def _secret(member: Member, checks: Checks) -> None:
    checks.add("secret", member.at, key=shown(member.key))
    checks.secrets.append((member.node.start, member.node.end))


def plain(node: Node, checks: Checks) -> Any:
    """Return a value as Python has it, without secrets."""
    if node.is_object:
        kept = {}
        for member in node.value:
            if holds_secret(member.key):
                _secret(member, checks)
            else:
                kept[printable(member.key)] = plain(member.node, checks)
        return kept
    if node.is_array:
        return [plain(item, checks) for item in node.value]
    return printable(node.value) if isinstance(node.value, str) else node.value


def printable(text: str) -> str:
    """Return a text that UTF-8 can encode: half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=4096)  # a list repeats the same keys
def expected_key(key: str, known: tuple[str, ...]) -> str | None:
    """Return the known key of which a key is a misspelling; None if it is another one."""
    if key in known:
        return key
    folded = {_fold(name): name for name in known}
    word = _fold(key[:60])
    if word in folded:
        return folded[word]
    if _ALIASES.get(word) in known:
        return _ALIASES[word]
    close = difflib.get_close_matches(word, folded, n=1, cutoff=0.8)
    return folded[close[0]] if close else None


def _fold(key: str) -> str:
    return "".join(character for character in key.lower() if character.isalnum())
