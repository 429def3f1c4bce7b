"""Find the header of an app inventory and what its columns hold. Pure.

1. The header is the first line that names a phone and a version; exports can have title lines above it.
2. A column is known by its name. A bare "Version", "Status" or "Name" is used only if the columns beside it, or its
   values, show what it is about.
3. A file without a known column is refused, with the columns that it has.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rollout.message_ids import gettext_noop as _

from .inventory_columns import (
    BARE_NAME_COLUMNS,
    BARE_STATE_COLUMNS,
    BARE_VERSION_COLUMNS,
    COLUMNS,
    COUNT_COLUMNS,
    DISPLAY_NAME_COLUMNS,
    OTHER_APPS,
    SYSTEM_COLUMNS,
    SYSTEM_VERSION_COLUMNS,
    VERSION_WORDS,
    key_of,
    keys_of,
)
from .inventory_text import InventoryError

SEPARATORS = ",;\t"
HEADER_LINES = 10  # lines that can come before the header or be it
MAX_LINE = 65536
SAMPLE_ROWS = 100
MAX_NAMED_COLUMNS = 20
EXPECTED_VERSION = "App version, ApplicationShortVersion, Installed version"
EXPECTED_DEVICE = "Serial number, Device ID, Device name"

_KEYS = {role: keys_of(names) for role, names in COLUMNS.items()}
_BARE_VERSION = frozenset(keys_of(BARE_VERSION_COLUMNS))
_BARE_STATE = frozenset(keys_of(BARE_STATE_COLUMNS))
_BARE_NAME = frozenset(keys_of(BARE_NAME_COLUMNS))
_SYSTEM = frozenset(keys_of(SYSTEM_COLUMNS))
_SYSTEM_VERSION = frozenset(keys_of(SYSTEM_VERSION_COLUMNS))
_COUNT = frozenset(keys_of(COUNT_COLUMNS))
_DISPLAY_NAME = frozenset(keys_of(DISPLAY_NAME_COLUMNS))
_VERSION_WORDS = keys_of(VERSION_WORDS)


@dataclass(frozen=True)
class Header:
    """The header line. ``indexes`` maps what a column holds to its position; ``line`` is its number in the file."""

    cells: Sequence[str]
    separator: str
    line: int
    indexes: dict[str, int]
    product: str

    @property
    def keys(self) -> list[str]:
        return [key_of(cell) for cell in self.cells]

    @property
    def names(self) -> dict[str, str]:
        """Return the column names by what they hold."""
        return {role: self.cells[index].strip().strip("\ufeff") for role, index in self.indexes.items()}

    def row(self, cells: Sequence[str]) -> dict[str, str]:
        """Return the cells of a row by what they hold; missing ones are empty."""
        return {role: cells[index].strip() if index < len(cells) else "" for role, index in self.indexes.items()}

    def completed(self, sample: Sequence[Sequence[str]], *, is_state: Callable[[str], bool]) -> Header:
        """Return the header with bare columns used where it is clear what they hold. Raises InventoryError."""
        indexes = dict(self.indexes)
        if "state" not in indexes and "state_code" not in indexes:
            _use(indexes, "state", self._bare_state(sample, is_state))
        if "app" not in indexes and "bundle" not in indexes:
            _use(indexes, "app", self._bare_app(sample))
        if "id" not in indexes and "name" not in indexes and "app" in indexes:
            _use(indexes, "name", self._first(_BARE_NAME, indexes))
        if "version" not in indexes:
            _use(indexes, "version", self._bare_version(indexes))
        header = replace(self, indexes=indexes)
        header._check()
        return header

    def _first(self, keys: frozenset[str], indexes: dict[str, int]) -> int | None:
        free = (index for index, key in enumerate(self.keys) if key in keys and index not in indexes.values())
        return next(free, None)

    def _bare_state(self, sample: Sequence[Sequence[str]], is_state: Callable[[str], bool]) -> int | None:
        index = self._first(_BARE_STATE, self.indexes)
        values = _values(sample, index)
        return index if values and all(is_state(value) for value in values) else None

    def _bare_app(self, sample: Sequence[Sequence[str]]) -> int | None:
        index = self._first(_BARE_NAME, self.indexes)
        return index if any(self.product in value.casefold() for value in _values(sample, index)) else None

    def _bare_version(self, indexes: dict[str, int]) -> int | None:
        """Return the column "Version" that is the app's, not the system's; None if there is none or that is unclear."""
        bare = [index for index, key in enumerate(self.keys) if key in _BARE_VERSION]
        return next((index for index in bare if self._is_app_version(index, indexes)), None)

    def _is_app_version(self, index: int, indexes: dict[str, int]) -> bool:
        keys = self.keys
        system = [at for at, key in enumerate(keys) if key in _KEYS["platform"] or key in _SYSTEM_VERSION]
        if not system or any(key in _SYSTEM_VERSION for key in keys):
            return True
        apps = [indexes[role] for role in ("app", "bundle") if role in indexes]
        before = max((at for at in system if at < index), default=-1)
        if any(before < at < index for at in apps):
            return True
        if before >= 0 and keys[before] in _SYSTEM:
            return False
        return any(at < index for at in apps) or "state" in indexes or "state_code" in indexes or (
            before < 0 and bool(apps)
        )  # fmt: skip

    def _lists_phones(self) -> bool:
        """Return whether a column identifies phones. In a report that counts them, the display name is the app's."""
        if "id" in self.indexes or "name" not in self.indexes:
            return "id" in self.indexes
        return self.keys[self.indexes["name"]] not in _DISPLAY_NAME or not self._counts()

    def _counts(self) -> bool:
        return any(key in _COUNT for key in self.keys)

    def _check(self) -> None:
        columns = self._shown()
        if self._counts() and not self._lists_phones():
            message = _(
                "The file counts installations by app and does not list the phones. Export the list of the phones "
                "that have the app. Columns in the file: %(columns)s."
            )
            raise InventoryError("counts-only", message, columns=columns)
        if "version" not in self.indexes:
            if any(key in _BARE_VERSION for key in self.keys):
                message = _(
                    "The column “Version” may be the system's and not the app's. Name the column with the version of "
                    "the app “App version”, or add the app's name. Columns in the file: %(columns)s."
                )
                raise InventoryError("unclear-version", message, columns=columns)
            message = _(
                "No column contains the app version. Columns in the file: %(columns)s. Expected one like these: "
                "%(expected)s."
            )
            raise InventoryError("no-version-column", message, columns=columns, expected=EXPECTED_VERSION)
        if not self._lists_phones():
            message = _(
                "No column identifies the phones. Columns in the file: %(columns)s. Expected one like these: "
                "%(expected)s."
            )
            raise InventoryError("no-device-column", message, columns=columns, expected=EXPECTED_DEVICE)

    def _shown(self) -> str:
        names = [cell.strip().strip("\ufeff").replace("\0", "")[:40] for cell in self.cells]
        shown = ", ".join(name for name in names[:MAX_NAMED_COLUMNS] if name)
        return shown + ("…" if len(names) > MAX_NAMED_COLUMNS else "") or "–"


def find_header(text: io.TextIOWrapper, product: str) -> Header:
    """Read lines up to the header and return it; without one, the line that has the most known columns."""
    best: Header | None = None
    for number in range(1, HEADER_LINES + 1):
        line = text.readline(MAX_LINE)
        if not line:
            break
        header = max((_header(line, number, separator, product) for separator in SEPARATORS), key=_known)
        if "version" in header.indexes or any(key in _BARE_VERSION for key in header.keys):
            has_device = "id" in header.indexes or "name" in header.indexes
            if has_device or any(key in _BARE_NAME for key in header.keys):
                return header
        if best is None or _known(header) > _known(best):
            best = header
    return best or Header([], ",", 1, {}, product)


def _header(line: str, number: int, separator: str, product: str) -> Header:
    cells = next(csv.reader([line], delimiter=separator), [])
    return Header(cells, separator, number, _indexes([key_of(cell) for cell in cells], product), product)


def _known(header: Header) -> tuple[int, int]:
    return len(header.indexes), len(header.cells)


def _indexes(keys: Sequence[str], product: str) -> dict[str, int]:
    indexes: dict[str, int] = {}
    _use(indexes, "version", next((at for at, key in enumerate(keys) if _is_version_of(key, product)), None))
    for role, known in _KEYS.items():
        if role not in indexes:
            _use(indexes, role, next((keys.index(key) for key in known if key in keys), None))
    return indexes


def _is_version_of(key: str, product: str) -> bool:
    """Return whether a column is the version of the product, such as "Confluence Data Center version"."""
    if product not in key or any(key_of(other.format(product=product)) in key for other in OTHER_APPS):
        return False
    return any(word in key for word in _VERSION_WORDS)


def _use(indexes: dict[str, int], role: str, index: int | None) -> None:
    if index is not None and index not in indexes.values():
        indexes[role] = index


def _values(sample: Sequence[Sequence[str]], index: int | None) -> list[str]:
    if index is None:
        return []
    return [value for cells in sample if index < len(cells) and (value := cells[index].strip())]
