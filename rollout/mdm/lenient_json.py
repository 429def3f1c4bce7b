"""Read JSON with the faults that copying and typing by hand leave in it. Pure; takes linear time.

The reader goes on after each fault. It never guesses: a fault with more than one repair makes the result incomplete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rollout.formats.site_cells import shown

from .json_nodes import Member, Node
from .json_scalars import WORD, read_scalar
from .json_strings import read_text
from .json_tokens import Unreadable, skip_space
from .list_findings import Faults
from .source_text import SourceText

MAX_DEPTH = 32
MAX_ITEMS = 30_000  # of an array; a mebibyte holds fewer sites
MAX_MEMBERS = 500  # of an object

_QUOTES = frozenset("\"'`´“”„‟‘’‚‛«»″＂")
_COLONS = re.compile(r"=>|[=：]")
_NEXT = re.compile(r"[\[\]{},]")
_OPENING = re.compile(r"[\[{]")
_CLOSING = re.compile(r"[\]}\s]+")
_COMMAS = re.compile(r"[,;，\s]*+")


def scan(source: SourceText, faults: Faults) -> list[Node]:
    """Return the values in a text, outermost ones only; there is one in valid JSON.

    Raises Rewrite if the whole text must be decoded first, as for HTML entities.
    """
    return _Scanner(source, faults).scan()


class _Scanner:
    def __init__(self, source: SourceText, faults: Faults) -> None:
        self.source, self.text, self.faults = source, source.text, faults
        self.at = 0
        self.tops: list[Node] = []
        self.list: Node | None = None  # the outermost array while it is read

    def fault(
        self,
        kind: str,
        offset: int,
        *,
        repaired: bool | None = None,
        values: Mapping[str, str] | None = None,
        **named: str,
    ) -> None:
        self.faults.add(kind, self.source, offset, repaired=repaired, values=values or named)

    def skip(self) -> str:
        """Skip white space, comments and invisible characters; return the next character, empty at the end."""
        self.at = skip_space(self.text, self.at, self.fault)
        return self.text[self.at : self.at + 1]

    def scan(self) -> list[Node]:
        try:
            self._tops()
        except Unreadable as stopped:
            self.fault(stopped.kind, stopped.offset, values=stopped.values)
            if self.list and len(self.tops) == 0:
                self.tops.append(self.list)  # its first entries are whole
                self.list.end = len(self.text)
        return self.tops

    def _tops(self) -> None:
        separator: int | None = None
        while char := self.skip():
            if char in "[{" or (char == '"' and not self.tops and not self.text[: self.at].strip()):
                self.tops.append(self.value(char, 0))
                self._limit(self.tops, MAX_ITEMS)
            elif char in ",;" and self.tops:
                separator = separator or self.at
                self.at += 1
            elif char in "]}":
                self.fault("extra-bracket", self.at, found=char)
                self.at = _CLOSING.match(self.text, self.at).end()  # type: ignore[union-attr]  # it is one
            else:
                self.fault("text-around", self.at)
                opening = _OPENING.search(self.text, self.at)
                self.at = opening.start() if opening else len(self.text)
        if separator and len(self.tops) == 1:
            self.fault("text-around", separator)

    def _limit(self, items: Sequence[Node] | Sequence[Member], limit: int) -> None:
        if len(items) > limit:
            raise Unreadable("too-many-values", self.at, limit=f"{limit:,}")

    def value(self, char: str, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Unreadable("too-deep", self.at, limit=str(MAX_DEPTH))
        if char == "{":
            return self.object(depth)
        if char == "[":
            return self.array(depth)
        if char in _QUOTES or char in "&\\":
            return self.string()
        return self.scalar()

    def string(self, *, is_key: bool = False) -> Node:
        start = self.at
        text = read_text(self.text, start, is_key=is_key, fault=self.fault)
        self.at = text.end
        return Node(start, text.end, text.value)

    def scalar(self) -> Node:
        node = read_scalar(self.text, self.at, self.fault)
        if node.end == node.start:
            self._to_next()
            return Node(node.start, self.at, None)
        self.at = node.end
        return node

    def _to_next(self) -> None:
        """Go on at the next bracket or comma after something that cannot be read."""
        match = _NEXT.search(self.text, self.at)
        self.at = match.start() if match else len(self.text)

    def separator(self, char: str, *, has_items: bool, after_comma: bool) -> None:
        if not has_items or after_comma:
            self.fault("extra-comma", self.at)
            self.at = _COMMAS.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches everywhere
            return
        if char != ",":
            self.fault("wrong-separator", self.at, found=char, expected=",")
        self.at += 1

    def array(self, depth: int) -> Node:
        start, after_comma, comma_at = self.at, False, 0
        items: list[Node] = []
        node = Node(start, start, items)
        self.list = self.list or node
        self.at += 1
        while True:
            char = self.skip()
            if char == "]" or (char == "}" and depth == 0):
                if char != "]":
                    self.fault("wrong-bracket", self.at, found=char, expected="]")
                self.at += 1
                break
            if char == "}":
                self.fault("missing-bracket", self.at, expected="]")
                break
            if not char:
                self._end_of_text(closes_entry=depth == 0 and bool(items) and not after_comma, expected="]")
                break
            if char in ",;，":
                self.separator(char, has_items=bool(items), after_comma=after_comma)
                after_comma, comma_at = True, self.at - 1
                continue
            if char == ":":
                self.fault("not-json", self.at, found=char)
                self.at += 1
                continue
            if items and not after_comma:
                self.fault("missing-comma", self.at, found=char)
            items.append(self.value(char, depth + 1))
            self._limit(items, MAX_ITEMS)
            after_comma = False
        if items and after_comma:
            self.fault("trailing-comma", comma_at)
        node.end = self.at
        return node

    def _end_of_text(self, *, closes_entry: bool, expected: str) -> None:
        if not closes_entry:
            raise Unreadable("cut-off", max(len(self.text) - 1, 0))
        self.fault("missing-bracket", max(len(self.text) - 1, 0), expected=expected)

    def object(self, depth: int) -> Node:
        start, after_comma, comma_at = self.at, False, 0
        members: list[Member] = []
        self.at += 1
        while True:
            char = self.skip()
            if char == "}":
                self.at += 1
                break
            if char == "]":
                self.fault("missing-bracket", self.at, expected="}")
                break
            if not char:
                self._end_of_text(closes_entry=False, expected="}")
            if char in ",;，":
                self.separator(char, has_items=bool(members), after_comma=after_comma)
                after_comma, comma_at = True, self.at - 1
                continue
            if members and not after_comma:
                self.fault("missing-comma", self.at, found=char)
            self.member(char, members, depth)
            self._limit(members, MAX_MEMBERS)
            after_comma = False
        if members and after_comma:
            self.fault("trailing-comma", comma_at)
        return Node(start, self.at, members, is_object=True)

    def member(self, char: str, members: list[Member], depth: int) -> None:
        at = self.at
        key = self.key(char, depth)
        if key is None:
            return
        char = self.skip()
        if char == ":":
            self.at += 1
        elif self.text.startswith("=3D", self.at):
            raise Unreadable("quoted-printable", self.at)
        elif match := _COLONS.match(self.text, self.at):
            self.fault("wrong-separator", self.at, found=match[0], expected=":")
            self.at = match.end()
        elif char and char not in ",}]":
            self.fault("missing-colon", self.at, key=shown(key))
        char = self.skip()
        if char in {",", ";", "}", "]"}:
            self.fault("missing-value", self.at, key=shown(key))
            return
        if not char:
            self._end_of_text(closes_entry=False, expected="}")
        members.append(Member(key, at, self.value(char, depth + 1)))

    def key(self, char: str, depth: int) -> str | None:
        if char in _QUOTES or char in "&\\":
            return str(self.string(is_key=True).value)
        if match := WORD.match(self.text, self.at):
            self.fault("unquoted-key", self.at, key=shown(match[0]))
            self.at = match.end()
            return match[0]
        self.fault("not-json", self.at, found=char)
        if char in "{[":
            self.value(char, depth + 1)
        else:
            self.at += 1
            self._to_next()
        return None
