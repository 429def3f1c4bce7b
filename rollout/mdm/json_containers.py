"""App configurations in JSON: objects, settings of Microsoft Graph, answers of APIs, declarations. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .found_lists import KEY, Found, FoundList, Open, check_key, check_type, is_sites_key, open_value
from .json_nodes import Member, Node
from .json_tokens import Rewrite
from .lenient_json import scan
from .source_text import SourceText
from .text_containers import base64_text, html_unescaped, json_unescaped

_DOUBLED = re.compile('""')
# Names in Microsoft Graph, Terraform, consoles and their APIs (SimpleMDM, Meraki, Workspace ONE, Google Play), folded.
_ROW_KEYS = {"appconfigkey", "configurationkey", "key", "name"}
_ROW_VALUES = {"appconfigkeyvalue", "configurationvalue", "value", "valuestring"}
_ROW_TYPES = {"appconfigkeytype", "valuetype", "type"}
_ENTRY_KEYS = {"title", "baseurl", "oauth", "clientid", "url", "skipinfo"}
_CONTAINERS = (
    ("encodedSettingXml", "graph-policy"),
    ("settings", "graph-policy"),
    ("software_title", "fleet"),
    ("app_store_app", "fleet"),
    ("value", "graph-policies"),
)


def read_values(source: SourceText, found: Found) -> tuple[SourceText, list[Node]]:
    """Return the values in a text, and the text that their offsets count in: the whole one decoded, if need be."""
    decoders = {
        "html-escaped": html_unescaped,
        "escaped-quotes": json_unescaped,
        "doubled-quotes": lambda text: text.rewritten(_DOUBLED, lambda _quotes: '"'),
    }
    for _attempt in range(4):
        faults = found.faults.trial()
        try:
            tops = scan(source, faults)
        except Rewrite as rewrite:
            found.faults.add(rewrite.kind, source, rewrite.offset, values=rewrite.values)
            source = decoders[rewrite.kind](source)
        else:
            if tops or not faults.is_repairable:  # otherwise it is no JSON at all
                found.faults.merge(faults)
            return source, tops
    found.faults.add("not-json", source, 0, found=source.text[:1])
    return source, []


def open_json(source: SourceText, found: Found, open_text: Open) -> None:
    """Read the lists in a text that is JSON, more or less."""
    usable = found.faults.is_usable
    source, tops = read_values(source, found)
    if len(tops) > 1:
        tops = _one_value(source, tops, found)
    for top in tops:
        _open_top(source, top, found, open_text)
    if not found.lists and found.faults.is_usable and usable:
        found.faults.add("not-recognized", source, 0)


def _one_value(source: SourceText, tops: list[Node], found: Found) -> list[Node]:
    """Several values: sites without an array around them, several lists, or a list and brackets in a text."""
    tops = [top for top in tops if top.is_object or any(item.is_object for item in _items(top))] or tops[:1]
    if len(tops) > 1 and all(_is_entry(top) for top in tops):
        found.faults.add("no-array", source, tops[0].start)
        return [Node(tops[0].start, tops[-1].end, tops)]
    if sum(_is_list(top) for top in tops) > 1:
        first, *others = (source.text[top.start : top.end] for top in tops)
        found.faults.add("several-lists", source, tops[1].start, repaired=all(other == first for other in others))
        return tops[:1]
    return tops


def _open_top(source: SourceText, top: Node, found: Found, open_text: Open) -> None:
    if isinstance(top.value, str):
        _open_string(source, top, found, open_text)
        return
    if not isinstance(top.value, list):
        return
    if not (top.is_array and _is_list(top)):
        before = len(found.lists)
        _walk(source, top, found, open_text)
        if len(found.lists) > before:
            return
    if _is_entry(top):
        found.faults.add("single-object", source, top.start)
        top = Node(top.start, top.end, [top])
    if any(_text(item, "Type").startswith("com.apple.") for item in (top, *_items(top))):
        found.containers.append("declaration")
        found.faults.add("asset-missing", source, top.start)
    elif top.is_array:
        found.containers.append("list")
        found.lists.append(FoundList(top, source, is_text=True))
    else:
        found.faults.add("sites-missing", source, top.start)


def _open_string(source: SourceText, top: Node, found: Found, open_text: Open) -> None:
    inner = Found(found.faults, kept_keys=found.kept_keys)
    open_text(string_source(source, top), inner)
    found.containers += ["json-string", *inner.containers]
    found.lists += inner.lists
    if inner.containers[:1] == ["list"]:
        found.faults.add("double-encoded", source, top.start)


def string_source(source: SourceText, node: Node) -> SourceText:
    """Return the text of a string, without its quotes and escapes."""
    return json_unescaped(source.part(node.start + 1, max(node.end - 1, node.start + 1)))


def _walk(source: SourceText, node: Node, found: Found, open_text: Open) -> None:
    """Look for configurations in a value: the key ``sites``, settings of an MDM, and texts that contain them."""
    if node.is_array:
        rows = [(item, _row(item)) for item in _items(node)]
        _keep_other_rows(source, rows, found)
        for item, _pair in rows:
            _walk(source, item, found, open_text)
        return
    if not node.is_object:
        if isinstance(node.value, str) and _contains_configuration(node.value):
            open_text(string_source(source, node), found)
        return
    if row := _row(node):
        if is_sites_key(str(row[0].node.value)):
            _open_row(source, node, row, found, open_text)
        return
    if member := _sites_member(node):
        _open_member(source, node, member, found, open_text)
        return
    name = next((name for key, name in _CONTAINERS if _member(node, key)), "")
    if name and not found.containers:
        found.containers.append(name)
    for member in node.value:
        text = member.node.value
        if member.key == "encodedSettingXml" and isinstance(text, str) and text and base64_text(text) is None:
            found.faults.add("base64-invalid", source, member.node.start)
        _walk(source, member.node, found, open_text)


def _open_row(source: SourceText, node: Node, row: tuple[Member, Member], found: Found, open_text: Open) -> None:
    key, value = row
    if not found.containers:
        found.containers.append("settings")
    check_key(found, source, str(key.node.value), key.node.start)
    value_type = _first(node, _ROW_TYPES)
    if value_type and isinstance(value_type.node.value, str):
        check_type(found, source, value_type.node.value, value_type.node.start)
    _open_node(source, value.node, found, open_text)


def _open_member(source: SourceText, node: Node, member: Member, found: Found, open_text: Open) -> None:
    found.containers.append("json-object")
    check_key(found, source, member.key, member.at)
    for other in node.value:
        if other is not member:
            text = other.node.value if isinstance(other.node.value, str) else None
            found.keep(source, other.key, other.at, text=text)
    _open_node(source, member.node, found, open_text)


def _open_node(source: SourceText, node: Node, found: Found, open_text: Open) -> None:
    """Read the value of the key ``sites``."""
    if isinstance(node.value, str):
        open_value(found, string_source(source, node), open_text)
        return
    found.faults.add("sites-in-object", source, node.start)
    if _is_entry(node):
        found.faults.add("single-object", source, node.start)
        node = Node(node.start, node.end, [node])
    if node.is_array:
        found.lists.append(FoundList(node, source, is_text=False))


def _keep_other_rows(source: SourceText, rows: list[tuple[Node, tuple[Member, Member] | None]], found: Found) -> None:
    pairs = [pair for _item, pair in rows if pair]
    if any(is_sites_key(str(key.node.value)) for key, _value in pairs):
        for key, value in pairs:
            if not is_sites_key(str(key.node.value)):
                text = value.node.value if isinstance(value.node.value, str) else None
                found.keep(source, str(key.node.value), key.at, text=text)


def _row(node: Node) -> tuple[Member, Member] | None:
    """Return the members with the key and the value of a setting such as ``{"key": "sites", "value": "…"}``."""
    key, value = _first(node, _ROW_KEYS), _first(node, _ROW_VALUES)
    return (key, value) if key and value and isinstance(key.node.value, str) else None


def _first(node: Node, names: set[str]) -> Member | None:
    return next((member for member in node.value if _folded(member.key) in names), None) if node.is_object else None


def _sites_member(node: Node) -> Member | None:
    exact = next((member for member in node.value if member.key == KEY), None)
    likely = (member for member in node.value if is_sites_key(member.key) and member.node.value)
    return exact or next(likely, None)


def _member(node: Node, key: str) -> Member | None:
    return next((member for member in node.value if member.key == key), None) if node.is_object else None


def _text(node: Node, key: str) -> str:
    member = _member(node, key)
    return member.node.value if member and isinstance(member.node.value, str) else ""


def _items(node: Node) -> Iterator[Node]:
    return iter(node.value if node.is_array else ())


def _is_entry(node: Node) -> bool:
    return node.is_object and any(_folded(member.key) in _ENTRY_KEYS for member in node.value)


def _is_list(node: Node) -> bool:
    """Whether an array can only be a list of sites: it is empty, or contains something like a site."""
    items = list(_items(node))
    return node.is_array and (
        not items or any(_is_entry(item) for item in items) or not any(i.is_object for i in items)
    )


def _folded(key: str) -> str:
    return key.strip().lower().replace("_", "").replace("-", "")


def _contains_configuration(text: str) -> bool:
    start = text.lstrip()[:20]
    if start.startswith(("<", "&lt;", "data:")):
        return True
    return (start[:1] in {"[", "{"} and "baseURL" in text) or base64_text(text) is not None
