"""White space between the tokens of JSON, with what is not allowed there, and how reading stops. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

_SPACE = re.compile(r"[ \t\r\n]*+")
# No-break and other spaces, zero-width characters, byte order mark, soft hyphen, line separators, control characters.
_INVISIBLE = re.compile(
    "[\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u2069\u3000\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+"
)
_COMMENT = re.compile(r"//[^\r\n]*+|#[^\r\n]*+|/\*")


class AddFault(Protocol):
    def __call__(
        self,
        kind: str,
        offset: int,
        *,
        repaired: bool | None = None,
        values: Mapping[str, str] | None = None,
        **named: str,
    ) -> None: ...


class Unreadable(Exception):  # noqa: N818  # not an error of a caller: reading ends here
    """Nothing after ``offset`` can be read: the kind of finding and its values."""

    def __init__(self, kind: str, offset: int, **values: str) -> None:
        self.kind, self.offset, self.values = kind, offset, values
        super().__init__(kind)


class Rewrite(Exception):  # noqa: N818
    """The whole text must be decoded before it is read: the kind of finding, where it is seen first, and its values."""

    def __init__(self, kind: str, offset: int, **values: str) -> None:
        self.kind, self.offset, self.values = kind, offset, values
        super().__init__(kind)


def skip_space(text: str, at: int, fault: AddFault) -> int:
    """Return the offset of the next token."""
    match = _SPACE.match(text, at)
    at = match.end() if match else at
    while text[at : at + 1] > "~" or text[at : at + 1] in {"/", "#"} or text[at : at + 1] < " ":
        if not (end := _skip_odd(text, at, fault)):
            return at
        match = _SPACE.match(text, end)
        at = match.end() if match else end
    return at


def _skip_odd(text: str, at: int, fault: AddFault) -> int:
    """Return the end of the comment or of the invisible characters at an offset, 0 if there are none."""
    if match := _INVISIBLE.match(text, at):
        fault("invisible-space", at, found=f"U+{ord(text[at]):04X}")
        return match.end()
    if match := _COMMENT.match(text, at):
        fault("comment", at)
        if match[0] != "/*":
            return match.end()
        end = text.find("*/", at + 2)
        if end < 0:
            raise Unreadable("cut-off", at)
        return end + 2
    return 0
