"""Parses a body as JSON, and reports what a strict parser may reject."""

from __future__ import annotations

import codecs
import json
from typing import Any

from rollout.http_client.reply import Reply

# Atlassian does not document the field of version 1.1 of info/login, so each known spelling is accepted.
CLIENT_ID_NAMES = ("clientID", "clientId", "client_id")
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_json(reply: Reply) -> tuple[Any, tuple[str, ...]]:
    """Return the value and its oddities (those of ``observation.InfoLogin``).

    The last value of a duplicate field counts; NaN and Infinity become None. Raises ValueError for invalid JSON and
    for JSON that is nested too deep.
    """
    oddities: dict[str, None] = {}

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(pairs)
        if len(data) != len(pairs):
            oddities["duplicate_keys"] = None
            for name in CLIENT_ID_NAMES:
                if len({value for key, value in pairs if key == name and isinstance(value, str)}) > 1:
                    oddities["two_client_ids"] = None
        return data

    def constant(_text: str) -> None:
        oddities["not_a_number"] = None

    text, encoding_oddities = _text(reply)
    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=constant)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value, (*oddities, *encoding_oddities)


def _text(reply: Reply) -> tuple[str, list[str]]:
    """The body as text, and its deviations from UTF-8 without a byte order mark (RFC 8259 section 8.1)."""
    oddities = ["byte_order_mark"] if reply.body.startswith(_BOMS) else []
    charset = json.detect_encoding(reply.body)
    if not charset.startswith("utf-8"):
        return reply.body.decode(charset, "replace").lstrip("\ufeff"), ["not_utf8", *oddities]
    try:
        return reply.body.decode("utf-8-sig"), oddities
    except UnicodeDecodeError:
        return reply.text().lstrip("\ufeff"), ["not_utf8", *oddities]
