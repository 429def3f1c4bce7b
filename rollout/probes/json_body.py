"""Reads a body as JSON, and says what a stricter reader than ours would stumble over."""

from __future__ import annotations

import codecs
import json
from typing import Any

from rollout.http_client.reply import Reply

# The field's name in version 1.1 of info/login is not documented, so each spelling in use is looked for.
CLIENT_ID_NAMES = ("clientID", "clientId", "client_id")
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_json(reply: Reply) -> tuple[Any, tuple[str, ...]]:
    """The value, and its oddities in the words of ``observation.InfoLogin``. Raises ValueError, also when too deep.

    Of a field that is there twice the last value is taken, of NaN and Infinity None.
    """
    odd: dict[str, None] = {}

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            odd["duplicate_keys"] = None
            for name in CLIENT_ID_NAMES:
                if len({value for key, value in pairs if key == name and isinstance(value, str)}) > 1:
                    odd["two_client_ids"] = None
        return found

    def constant(_text: str) -> None:
        odd["not_a_number"] = None

    text, strange = _text(reply)
    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=constant)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value, (*odd, *strange)


def _text(reply: Reply) -> tuple[str, list[str]]:
    """The body as text (RFC 8259 section 8.1 wants UTF-8 without a byte order mark) and what was strange about it."""
    strange = ["byte_order_mark"] if reply.body.startswith(_BOMS) else []
    charset = json.detect_encoding(reply.body)
    if not charset.startswith("utf-8"):
        return reply.body.decode(charset, "replace").lstrip("\ufeff"), ["not_utf8", *strange]
    try:
        return reply.body.decode("utf-8-sig"), strange
    except UnicodeDecodeError:
        return reply.text().lstrip("\ufeff"), ["not_utf8", *strange]
