"""Values of JSON and where they stand. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Member(NamedTuple):
    key: str
    at: int  # offset of the key
    node: Node


@dataclass(slots=True)
class Node:
    """A value and its place in the text.

    ``value`` is a list of nodes, a list of members (an object; ``is_object``), a text, a number, a boolean or None.
    """

    start: int
    end: int
    value: Any
    is_object: bool = False

    @property
    def is_array(self) -> bool:
        return isinstance(self.value, list) and not self.is_object
