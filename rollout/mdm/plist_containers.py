"""App configurations in XML: property lists, Apple's commands, Jamf Pro's API, AppConfig specfiles. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .found_lists import KEY, VALUE_NAMES, Found, FoundList, Open, check_key, is_sites_key, open_value
from .json_nodes import Member, Node
from .lenient_xml import Element, check_well_formed, read_xml, text_of
from .source_text import SourceText
from .text_containers import base64_text

_JAMF = {"mobile_device_application", "mobile_device_applications", "app_configuration", "preferences"}
_HTML = {"body", "div", "p", "pre", "code", "span", "table", "td", "li", "ul", "br"}
_COMMAND_KEYS = {"Command", "RequestType", "ApplicationConfigurations", "CommandUUID"}
_KEY_NAME = re.compile(r"keyName\s*=\s*[\"']([^\"']*)[\"']")
_SCALARS = {"true": True, "false": False}

Pair = tuple[str, Element, Element]  # key, its element, and the value


def open_xml(source: SourceText, found: Found, open_text: Open) -> None:
    """Read the lists in a text that starts with XML, or has some in it."""
    lists = len(found.lists)
    known = len(found.faults.faults)
    document = read_xml(source, found.faults)
    for root in document.children:
        if root.name == "managedAppConfiguration":
            found.containers.append("specfile")
            _open_specfile(source, root, found, open_text)
        elif root.name in {"plist", "dict"}:
            found.containers.append(root.name)
            _open_root(source, root, found, open_text)
        else:
            if root.name.lower() in _HTML:
                found.faults.add("text-around", source, root.at)
            found.containers.append("jamf-xml" if root.name in _JAMF else "xml")
            _search(source, root, found, open_text)
    if not any(fault.id.startswith(("xml-", "html-")) for fault in found.faults.faults[known:]):
        check_well_formed(source, found.faults)
    if len(found.lists) == lists and found.faults.is_repairable:
        found.faults.add("sites-missing" if document.children else "not-recognized", source, 0)


def _open_root(source: SourceText, root: Element, found: Found, open_text: Open) -> None:
    top = root if root.name == "dict" else root.child("dict")
    if top is None:
        for child in root.children:
            _walk(source, child, found, open_text)
        return
    keys = {key for key, _at, _value in _pairs(source, top, found)}
    if {"PayloadType", "PayloadContent"} <= keys:
        found.containers.append("profile")
        found.faults.add("profile", source, top.at)
    elif keys & _COMMAND_KEYS:
        found.containers.append("apple-command")
    _walk(source, top, found, open_text)


def _walk(source: SourceText, element: Element, found: Found, open_text: Open) -> None:
    """Look for dictionaries with the key ``sites``."""
    if element.name == "array":
        for child in element.children:
            _walk(source, child, found, open_text)
    if element.name != "dict":
        return
    pairs = list(_pairs(source, element, found))
    exact = [pair for pair in pairs if pair[0] == KEY]
    if sites := exact or [pair for pair in pairs if is_sites_key(pair[0])]:
        key, at, value = sites[0]
        check_key(found, source, key, at.at)
        for name, element_of_key, other in pairs:
            if not is_sites_key(name) and not name.startswith("Payload"):
                text = source.text[slice(*other.texts[0][:2])] if other.name == "string" and other.texts else None
                found.keep(source, name, element_of_key.at, text=text)
        if len(exact) > 1:
            found.faults.add("duplicate-key", source, exact[1][1].at, key=KEY, repaired=False)
        _open_value(source, value, found, open_text)
        return
    for _key, _at, value in pairs:
        _walk(source, value, found, open_text)


def _open_value(source: SourceText, value: Element, found: Found, open_text: Open) -> None:
    """Read the value of the key ``sites``."""
    if value.name == "string":
        open_value(found, text_of(value, source, found.faults), open_text)
        return
    found.faults.add("sites-not-text", source, value.at, found=VALUE_NAMES.get(value.name, f"<{value.name[:20]}>"))
    if value.name == "data":
        if (decoded := base64_text(text_of(value, source, found.faults).text)) is not None:
            open_text(SourceText(decoded), found)
        return
    node = _node(source, value, found)
    if node.is_object:
        found.faults.add("single-object", source, value.at)
        node = Node(node.start, node.end, [node])
    if node.is_array:
        found.lists.append(FoundList(node, source, is_text=False))


def _node(source: SourceText, element: Element, found: Found) -> Node:
    """Return a value of a property list as JSON has it."""
    start = end = element.at
    if element.name == "dict":
        members = [Member(key, at.at, _node(source, value, found)) for key, at, value in _pairs(source, element, found)]
        return Node(start, end, members, is_object=True)
    if element.name == "array":
        return Node(start, end, [_node(source, child, found) for child in element.children])
    if element.name in _SCALARS:
        return Node(start, end, _SCALARS[element.name])
    text = text_of(element, source, found.faults).text
    if element.name == "integer" and text.strip().isdecimal() and len(text) < 20:
        return Node(start, end, int(text))
    return Node(start, end, text)


def _pairs(source: SourceText, element: Element, found: Found) -> Iterator[Pair]:
    key: Element | None = None
    for child in element.children:
        if child.name == "key":
            key = child
        elif key is not None:
            yield text_of(key, source, found.faults.trial()).text, key, child
            key = None


def _open_specfile(source: SourceText, root: Element, found: Found, open_text: Open) -> None:
    """Read the default value of ``sites`` in a specfile of the AppConfig Community."""
    for setting in (root.child("dict") or root).children:
        match = _KEY_NAME.search(setting.attributes)
        name = match[1] if match else ""
        if not is_sites_key(name):
            if name:
                found.keep(source, name, setting.at, text=None)
            continue
        check_key(found, source, name, setting.at)
        default = setting.child("defaultValue")
        value = default.child("value") if default else None
        if value is not None:
            if setting.name != "string":
                found.faults.add("sites-type", source, setting.at, found=setting.name[:20])
            open_value(found, text_of(value, source, found.faults), open_text)


def _search(source: SourceText, element: Element, found: Found, open_text: Open) -> None:
    """Look for a property list in other XML: as elements, or as text in CDATA or with escapes."""
    if element.name in {"plist", "dict"}:
        found.containers.append(element.name)
        _open_root(source, element, found, open_text)
        return
    for child in element.children:
        _search(source, child, found, open_text)
    if element.texts:
        text = text_of(element, source, found.faults)
        if text.text.lstrip()[:1] in {"<", "[", "{"}:
            open_text(text, found)
