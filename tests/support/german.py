"""Fixture that activates a small German message catalog."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import trans_real

GERMAN = {
    "The site is unreachable: %(result)s.": "Die Site war nicht erreichbar: %(result)s.",
    "the host name does not resolve": "ihr Name lässt sich nicht auflösen",
    "The title is empty. Enter the name that the app shows.": "Der Titel ist leer.",
    "Unknown column %(column)s. Known columns: %(known)s.": "Die Spalte %(column)s gibt es nicht.",
}


def compiled(catalog: dict[str, str]) -> bytes:
    """Return the catalog in GNU gettext's binary format: a header, two tables of (length, offset), then the texts."""
    texts = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **catalog}.items())
    columns = [[text.encode() for text in column] for column in zip(*texts, strict=True)]
    start, tables, data = 28 + 16 * len(texts), b"", b""
    for column in columns:
        for text in column:
            tables += struct.pack("<II", len(text), start + len(data))
            data += text + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, len(texts), 28, 28 + 8 * len(texts), 0, 0) + tables + data


@pytest.fixture
def german(tmp_path: Path, settings) -> Iterator[None]:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(compiled(GERMAN))
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    trans_real._translations.clear()
    with translation.override("de"):
        yield
    trans_real._translations.clear()
