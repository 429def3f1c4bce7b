"""Numbers and words of JSON. Pure."""

from __future__ import annotations

import math
import re

from rollout.formats.site_cells import shown

from .json_nodes import Node
from .json_tokens import AddFault

WORD = re.compile(r"[A-Za-z_$][\w$.-]*")

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])", re.ASCII)
_MAX_DIGITS = 300
_LITERALS = {"true": True, "false": False, "null": None}
_SPELLINGS = {"none": "null", "nil": "null", "nothing": "null", **{name: name for name in _LITERALS}}
_NO_VALUES = {"NaN", "Infinity", "undefined"}


def read_scalar(text: str, at: int, fault: AddFault) -> Node:
    """Return the number, boolean or null at an offset; a node without length if there is something else."""
    if match := _NUMBER.match(text, at):
        return Node(at, match.end(), _number(match[0], at, fault))
    match = WORD.match(text, at)
    if not match:
        fault("not-json", at, found=text[at])
        return Node(at, at, None)
    word = match[0]
    if word in _LITERALS:
        return Node(at, match.end(), _LITERALS[word])
    if expected := _SPELLINGS.get(word.lower()):
        fault("literal-spelling", at, found=shown(word), expected=expected)
        return Node(at, match.end(), _LITERALS[expected])
    if word in _NO_VALUES:
        fault("not-a-value", at, found=word)
    else:
        fault("unquoted-value", at)
    return Node(at, at, None)


def _number(digits: str, at: int, fault: AddFault) -> int | float | None:
    is_fraction = re.search(r"[.eE]", digits)
    if len(digits) > _MAX_DIGITS or (is_fraction and math.isinf(float(digits))):
        fault("long-number", at)
        return None
    return float(digits) if is_fraction else int(digits)
