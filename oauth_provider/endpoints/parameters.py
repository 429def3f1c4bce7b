"""Strict parser of OAuth parameters, which runs before any other code reads them. Pure.

RFC 6749 sections 3.1 and 3.2: each parameter at most once; Appendix B: form-encoded UTF-8. Rejects values that
databases cannot store (NUL) and oversized ones, so that no other code has to handle them.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

MAX_BYTES = 16_384
MAX_VALUE = 4_096  # some clients send a signed document in state
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class ParameterError(ValueError):
    """Invalid parameters; the text is an ``error_description`` that quotes nothing from the request."""


def parse_parameters(raw: bytes) -> dict[str, str]:
    """Return the parameters of a query string or form body, without those that have no value.

    Raises ParameterError for a repeated name, a broken escape, bytes that are not UTF-8, control characters, and sizes
    over ``MAX_BYTES`` in all or ``MAX_VALUE`` characters each.
    """
    if len(raw) > MAX_BYTES:
        raise ParameterError("The request is too large.")
    parameters: dict[str, str] = {}
    for pair in raw.split(b"&"):
        if not pair:
            continue
        raw_name, _, raw_value = pair.partition(b"=")
        name, value = _decode(raw_name), _decode(raw_value)
        if name in parameters:
            raise ParameterError("A parameter is included more than once.")
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value}


def _decode(raw: bytes) -> str:
    if b"%" in raw or b"+" in raw:
        if _BROKEN_ESCAPE.search(raw):
            raise ParameterError("A percent sign is not followed by two hexadecimal digits.")
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ParameterError("A parameter is not UTF-8.") from None
    if len(text) > MAX_VALUE:
        raise ParameterError("A parameter is too long.")
    if _CONTROL.search(text):
        raise ParameterError("A parameter contains control characters.")
    return text
