"""The encoding of an exported file, and files that are no CSV. Pure."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from rollout.message_ids import gettext_noop as _

from .inventory_columns import COLUMNS, key_of, keys_of

CHUNK = 1 << 20
SAMPLE = 4096
# Beginnings of files that are often saved as .csv.
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|head|meta)", re.IGNORECASE)
# UTF-8 read as Windows-1252: a damaged UTF-8 file, whose names would be wrong.
_UTF8_PAIR = re.compile("[\u00c3\u00c2\u00e2][\u0080-\u00bf\u20ac\u201a-\u2122]")
_JAPANESE = frozenset(
    key for names in COLUMNS.values() for key in keys_of(names) if re.search("[\u3040-\u30ff\u4e00-\u9fff]", key)
)


class InventoryError(ValueError):
    """The whole file cannot be read. ``message`` is a message id with placeholders for ``values``."""

    def __init__(self, code: str, message: str, **values: str) -> None:
        super().__init__(message % values)
        self.code, self.message, self.values = code, message, values


def encoding_of(file: BinaryIO) -> str:
    """Return the encoding of a CSV file, read from its start, and rewind it. Raises InventoryError.

    UTF-8 and UTF-16, with or without a byte order mark; else Windows-1252, or code page 932 if the header is Japanese.
    """
    start = file.read(SAMPLE)
    file.seek(0)
    _check_format(start)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    without_mark = _utf16_without_mark(start)
    if without_mark:
        return without_mark
    if _decodes(file, "utf-8"):
        return "utf-8-sig"
    if _has_japanese_header(start) and _decodes(file, "cp932"):
        return "cp932"
    if _decodes(file, "cp1252", without=_UTF8_PAIR):
        return "cp1252"
    raise InventoryError(
        "encoding", _("The file's text encoding is unknown or damaged. Save it as “CSV UTF-8” and choose it again.")
    )


def _check_format(start: bytes) -> None:
    if not start.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise InventoryError("empty", _("The file is empty. Choose the CSV file that you exported from your MDM."))
    if start.startswith(_WORKBOOK):
        raise InventoryError(
            "workbook", _("The file is an Excel workbook or an archive. Save it as “CSV UTF-8” and choose it again.")
        )
    if _MARKUP.match(start):
        raise InventoryError(
            "markup", _("The file is a web page or XML, not CSV. Export the inventory as CSV and choose that file.")
        )


def _utf16_without_mark(start: bytes) -> str:
    """Return the byte order of UTF-16, in which ASCII characters have a null byte at one side; else an empty string."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    many = max(2, len(start) // 20)
    if odd >= many and not even:
        return "utf-16-le"
    return "utf-16-be" if even >= many and not odd else ""


def _decodes(file: BinaryIO, encoding: str, *, without: re.Pattern[str] | None = None) -> bool:
    """Return whether the whole file is text in this encoding, ``without`` characters that show a wrong guess."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(CHUNK):
            text = decoder.decode(chunk)
            if without and without.search(text):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _has_japanese_header(start: bytes) -> bool:
    """Return whether the first lines have a Japanese column in code page 932."""
    lines = start.decode("cp932", "ignore").splitlines()[:10]
    return any(key_of(cell) in _JAPANESE for line in lines for cell in re.split(r"[,;\t]", line))
