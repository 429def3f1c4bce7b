"""Read XML of app configurations with the faults of copying in it. Pure; takes linear time.

Entities are never resolved: a document type with declarations ends the reading, and only the five entities of XML and
numbers of characters are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from rollout.formats.site_cells import shown

from .json_tokens import Unreadable
from .list_findings import Faults
from .source_text import SourceText

MAX_DEPTH = 64
MAX_ELEMENTS = 100_000

_DOCTYPE = re.compile(r"<!DOCTYPE\s+([\w:.-]+)([^<>\[\]]*+)>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z_][\w:.-]*+)((?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+)>")
_ANGLES = re.compile("<+")
_REFERENCE = re.compile(
    r"&(?:#(\d{1,7});|#x([0-9a-fA-F]{1,6});|([A-Za-z][\w.-]{0,31});)|&(?:&(?!(?:#\w{1,7}|[A-Za-z][\w.-]{0,31});))*+"
)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_PLIST_ELEMENTS = frozenset(
    {"plist", "dict", "array", "key", "string", "data", "integer", "real", "date", "true", "false"}
)
_TEXT_ELEMENTS = frozenset(
    {"string", "key", "data", "integer", "real", "date"}
)  # of property lists: no elements inside


@dataclass
class Element:
    """An element. ``texts`` are the pieces of character data directly in it: offsets, and whether it is CDATA."""

    name: str
    attributes: str
    at: int
    tag: str = ""  # the name as it is written
    children: list[Element] = field(default_factory=list)
    texts: list[tuple[int, int, bool]] = field(default_factory=list)

    def child(self, name: str) -> Element | None:
        return next((child for child in self.children if child.name == name), None)


def read_xml(source: SourceText, faults: Faults) -> Element:
    """Return a document: an element without a name, with what stands at the top of the text as its children."""
    return _Reader(source, faults).read()


def text_of(element: Element, source: SourceText, faults: Faults) -> SourceText:
    """Return the character data directly in an element, with its entities replaced."""
    pieces = [piece for piece in element.texts if source.text[piece[0] : piece[1]].strip()]
    if len(pieces) != 1:
        pieces = (
            [(element.texts[0][0], element.texts[-1][1], False)] if element.texts else [(element.at, element.at, True)]
        )
    start, end, is_cdata = pieces[0]
    part = source.part(start, end)
    return part if is_cdata or "&" not in part.text else unescaped(part, faults)


def unescaped(source: SourceText, faults: Faults) -> SourceText:
    def replace(match: re.Match[str]) -> str:
        decimal, hexadecimal, name = match.groups()
        if decimal or hexadecimal:
            number = int(decimal) if decimal else int(hexadecimal, 16)
            return chr(number) if number < 0x110000 else "\ufffd"
        if name in _NAMED:
            return _NAMED[name]
        if name:
            faults.add("xml-entity", source, match.start(), found=shown(match[0]))
        else:
            faults.add("xml-ampersand", source, match.start())
        return match[0]

    return source.rewritten(_REFERENCE, replace)


class _Reader:
    def __init__(self, source: SourceText, faults: Faults) -> None:
        self.source, self.text, self.faults = source, source.text, faults
        self.open = [Element("", "", 0)]
        self.count = 0

    def fault(self, kind: str, offset: int, values: Mapping[str, str] | None = None, **named: str) -> None:
        self.faults.add(kind, self.source, offset, values=values or named)

    def read(self) -> Element:
        try:
            self._markup()
        except Unreadable as stopped:
            self.fault(stopped.kind, stopped.offset, stopped.values)
        return self.open[0]

    def _markup(self) -> None:
        at = 0
        while at < len(self.text):
            start = self.text.find("<", at)
            end = start if start >= 0 else len(self.text)
            if end > at:
                self._characters(at, end, is_cdata=False)
            if start < 0:
                break
            at = self._one(start)
        if len(self.open) > 1:
            self.fault("xml-cut-off", len(self.text) - 1, found=f"<{shown(self.open[-1].name)}>")

    def _characters(self, start: int, end: int, *, is_cdata: bool) -> None:
        if len(self.open) > 1:
            self.open[-1].texts.append((start, end, is_cdata))
        elif self.text[start:end].strip(" \t\r\n\ufeff"):
            self.fault("xml-text-around", start)

    def _one(self, at: int) -> int:
        """Read the markup at an offset; return the offset after it."""
        for opening, closing in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")):
            if self.text.startswith(opening, at):
                end = self.text.find(closing, at + len(opening))
                if end < 0:
                    raise Unreadable("xml-cut-off", at, found=opening)
                if opening == "<![CDATA[":
                    self._characters(at + len(opening), end, is_cdata=True)
                return end + len(closing)
        if self.text.startswith("<!", at):
            return self._doctype(at)
        if match := _TAG.match(self.text, at):
            return self._end_tag(match) if match[1] else self._start_tag(match)
        if re.match(r"</?[A-Za-z]", self.text[at : at + 3]) and ">" not in self.text[at : at + 200]:
            return self._cut_tag(at)
        self.fault("xml-angle", at)
        end = max(at + 1, _ANGLES.match(self.text, at).end() - 1)  # type: ignore[union-attr]  # there is one
        self._characters(at, end, is_cdata=True)
        return end

    def _doctype(self, at: int) -> int:
        match = _DOCTYPE.match(self.text, at)
        if not match:
            raise Unreadable("xml-declarations", at)
        if match[1].lower() == "html":
            raise Unreadable("html-page", at)
        if match[1] != "plist" and match[2].strip():
            raise Unreadable("xml-declarations", at)
        return match.end()

    def _cut_tag(self, at: int) -> int:
        """A tag that the text or another tag ends before it is closed."""
        self.fault("xml-cut-off", at, found=shown(self.text[at : at + 40].split("\n")[0]))
        self.open = self.open[:1]
        return len(self.text)

    def _start_tag(self, match: re.Match[str]) -> int:
        name, attributes = match[2], match[3]
        self.count += 1
        if len(self.open) > MAX_DEPTH or self.count > MAX_ELEMENTS:
            raise Unreadable("xml-too-large", match.start())
        if name.lower() == "html":
            raise Unreadable("html-page", match.start())
        element = Element(name, attributes.removesuffix("/").strip(), match.start(), tag=name)
        if name not in _PLIST_ELEMENTS and name.lower() in _PLIST_ELEMENTS:
            self.fault("xml-tag-case", match.start(), found=f"<{name}>", expected=f"<{name.lower()}>")
            element.name = name = name.lower()
        self.open[-1].children.append(element)
        if attributes.endswith("/"):
            return match.end()
        self.open.append(element)
        if name in _TEXT_ELEMENTS and not element.attributes:
            return self._text_element(element, match.end())
        return match.end()

    def _text_element(self, element: Element, start: int) -> int:
        """Read to the end tag: a ``<`` before it is a character that was not escaped, or starts CDATA."""
        closing = f"</{element.tag}"
        end = self.text.find(closing, start)
        if self.text.startswith("<![CDATA[", start) and (cdata := self.text.find("]]>", start)) >= 0:
            end = self.text.find(closing, cdata)
            element.texts.append((start + len("<![CDATA["), cdata, True))
        else:
            until = end if end >= 0 else len(self.text)
            if until > start:
                element.texts.append((start, until, False))
            if (angle := self.text.find("<", start, until)) >= 0 and element.name != "key":
                self.fault("xml-angle", angle)
        if end < 0:
            return self._cut_tag(len(self.text) - 1)
        after = end + len(closing)
        if self.text[after : after + 1] != ">":
            return self._cut_tag(end)
        self.open.pop()
        return after + 1

    def _end_tag(self, match: re.Match[str]) -> int:
        names = [element.tag for element in self.open[1:]]
        if match[2] not in names:
            self.fault("xml-end-tag", match.start(), found=shown(match[0]))
            return match.end()
        if names[-1] != match[2]:
            self.fault("xml-missing-end-tag", match.start(), found=f"</{shown(names[-1])}>")
        while self.open.pop().tag != match[2]:
            pass
        return match.end()


def check_well_formed(source: SourceText, faults: Faults) -> None:
    """Report what a strict parser rejects and the lenient reader did not notice."""
    parser = expat.ParserCreate("utf-8")
    try:
        parser.Parse(source.text.lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        skipped = len(source.text) - len(source.text.lstrip("\ufeff \t\r\n"))
        lines = source.text[skipped:].splitlines(keepends=True)[: error.lineno - 1]
        offset = min(skipped + sum(map(len, lines)) + error.offset, len(source.text))
        faults.add("xml-not-well-formed", source, offset, reason=expat.ErrorString(error.code))
