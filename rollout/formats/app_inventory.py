"""Read the app inventory that an MDM exports as CSV: the app version on each phone. Pure.

Columns differ between MDMs and languages (``inventory_columns``). Exports also list other apps, other platforms and
phones without the app, and repeat phones. The file is read as a stream, so memory holds the phones and not the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from typing import BinaryIO

from rollout.compatibility.version import Version
from rollout.message_ids import gettext_noop as _

from .inventory_columns import (
    APPLE_LETTER,
    APPLE_PLATFORMS,
    INSTALL_CODES,
    INSTALL_STATES,
    NO_VERSION,
    OTHER_APPLE_PLATFORMS,
    OTHER_APPS,
    key_of,
    keys_of,
)
from .inventory_header import SAMPLE_ROWS, find_header
from .inventory_text import InventoryError, encoding_of

__all__ = ["Inventory", "InventoryError", "SkippedLine", "is_too_old", "read_inventory"]

MAX_BYTES = 64 * 1024 * 1024
MAX_PHONES = 200_000
MAX_SKIPPED_LINES = 100
MAX_UNKNOWN_STATES = 10
MAX_DEVICE_LENGTH = 200
MAX_VERSION_LENGTH = 60
_BUILD = re.compile(r"\s*\(.*\)$")
_STATES = {key: installed for installed, names in INSTALL_STATES.items() for key in keys_of(names)}


@dataclass(frozen=True)
class SkippedLine:
    """A line that cannot be read. ``line`` is its number in a text editor, the first line being 1."""

    line: int
    message: str


@dataclass
class Inventory:
    """``phones`` maps each device to its app version: ``""`` if that is unknown, None if it does not have the app.

    ``columns`` are the header's names by what they hold. ``repeated`` counts rows that repeat a phone, ``others`` rows
    for other apps or devices, and ``skipped`` lines that cannot be read; ``skipped_lines`` holds the first
    ``MAX_SKIPPED_LINES`` of those. ``unknown_states`` are the first install states that are not known.
    """

    phones: dict[str, str | None] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    others: int = 0
    skipped: int = 0
    skipped_lines: list[SkippedLine] = field(default_factory=list)
    unknown_states: list[str] = field(default_factory=list)

    @property
    def not_installed(self) -> int:
        """Return the number of phones that do not have the app."""
        return sum(version is None for version in self.phones.values())

    def skip(self, line: int, message: str) -> None:
        self.skipped += 1
        if len(self.skipped_lines) < MAX_SKIPPED_LINES:
            self.skipped_lines.append(SkippedLine(line, message))

    def add(self, device: str, version: str | None) -> None:
        """Add a phone. If it is there already, the newest version of the app counts, and any version before none."""
        if device in self.phones:
            self.repeated += 1
            version = max(self.phones[device], version, key=_rank)
        self.phones[device] = version


def read_inventory(file: BinaryIO, *, product: str) -> Inventory:
    """Return the phones that the file lists for one app, with and without it.

    ``file`` is separated by comma, semicolon, or tab, in one of the encodings of ``inventory_text``. Rows for other
    apps, the product's cloud app, and other platforms are counted in ``others``. Raises InventoryError.
    """
    text = io.TextIOWrapper(file, encoding=encoding_of(file), newline="")
    try:
        return _read(text, product)
    except UnicodeError:
        raise InventoryError(
            "encoding", _("The file's text encoding is unknown or damaged. Save it as “CSV UTF-8” and choose it again.")
        ) from None
    except csv.Error:
        raise InventoryError(
            "not-csv", _("The file is not valid CSV because a quotation mark is not closed. Export it again.")
        ) from None
    finally:
        text.detach()


def _read(text: io.TextIOWrapper, product: str) -> Inventory:
    header = find_header(text, product)
    rows = _rows(text, header.separator)
    sample = list(islice(rows, SAMPLE_ROWS))
    header = header.completed([cells for _line, cells in sample], is_state=_is_state)
    inventory = Inventory(columns=header.names)
    for line, cells in chain(sample, rows):
        _add(inventory, header.line + line, header.row(cells), product)
    if not inventory.phones:
        _raise_no_phones(inventory, product)
    return inventory


def _rows(text: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=separator)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _add(inventory: Inventory, line: int, row: dict[str, str], product: str) -> None:
    if not _is_app(row, product) or not _is_apple(row.get("platform", "")):
        inventory.others += 1
        return
    device, version = _device(row), _version(row, inventory)
    if "\0" in device or "\0" in (version or ""):
        inventory.skip(line, _("This line contains a null character. Save the file as “CSV UTF-8”."))
    elif not device:
        inventory.skip(line, _("This line does not identify a phone. Add a serial number, device ID or device name."))
    elif len(version or "") > MAX_VERSION_LENGTH:
        inventory.skip(
            line,
            _("The version on this line is longer than 60 characters. Check that the columns are in the right order."),
        )
    elif device not in inventory.phones and len(inventory.phones) >= MAX_PHONES:
        raise InventoryError(
            "too-many",
            _("The file has more than 200,000 phones, the maximum. Export only the phones that have this app."),
        )
    else:
        inventory.add(device, version)


def _is_app(row: dict[str, str], product: str) -> bool:
    """Return whether the row is for the product's Data Center app; True if the file does not name apps."""
    names = [row[role].casefold() for role in ("app", "bundle") if row.get(role)]
    if not names:
        return "app" not in row and "bundle" not in row
    if any(other.format(product=product) in name for other in OTHER_APPS for name in names):
        return False
    return any(product in name for name in names)


@lru_cache(maxsize=256)
def _is_apple(platform: str) -> bool:
    """Return whether a platform is iOS or iPadOS; True if the cell is empty or only has a system version."""
    words = re.findall(r"[^\W\d_]+", platform.casefold())
    if not words:
        return True
    if any(word.startswith(OTHER_APPLE_PLATFORMS) for word in words):
        return False
    return any(word.startswith(APPLE_PLATFORMS) for word in words) or words in ([APPLE_LETTER], ["apple"])


def _version(row: dict[str, str], inventory: Inventory) -> str | None:
    """Return the app version, ``""`` if unknown, None if the app is not installed.

    Next to a state that is not "installed", the version is that of the app in the MDM's catalog.
    """
    states = [row[role] for role in ("state", "state_code") if role in row]
    if states:
        known = [_installed(state) for state in states if _is_state(state)]
        if not known and len(inventory.unknown_states) < MAX_UNKNOWN_STATES:
            inventory.unknown_states = list(dict.fromkeys([*inventory.unknown_states, states[0][:60]]))
        installed = known[0] if known else None
        if not installed:
            return None if installed is False else ""
    version = _BUILD.sub("", row["version"])
    return "" if version.casefold() in NO_VERSION else version


@lru_cache(maxsize=256)
def _is_state(text: str) -> bool:
    return text in INSTALL_CODES or key_of(text) in _STATES


@lru_cache(maxsize=256)
def _installed(text: str) -> bool | None:
    return INSTALL_CODES[text] if text in INSTALL_CODES else _STATES[key_of(text)]


def _device(row: dict[str, str]) -> str:
    """Return ``name (serial)``. Phones can share a name, so the unique part is never cut.

    Without a serial number or ID, the user tells phones of the same name apart.
    """
    unique, name = row.get("id", "")[:80], row.get("name", "")
    if not unique and name:
        unique = row.get("user", "")[:80]
    if unique and name and unique != name:
        return f"{name[: MAX_DEVICE_LENGTH - len(unique) - 3]} ({unique})"
    return (unique or name)[:MAX_DEVICE_LENGTH]


def _rank(version: str | None) -> tuple[int, Version | None]:
    """Order the versions of one phone: not installed, unknown, unreadable, then by number."""
    if not version:
        return (0 if version is None else 1), _ZERO
    try:
        return 3, Version.parse(version)
    except ValueError:
        return 2, _ZERO


_ZERO = Version.parse("0")


def _raise_no_phones(inventory: Inventory, product: str) -> None:
    if inventory.others:
        message = _(
            "No row is for %(app)s Data Center on an iPhone or iPad. Check these columns, or choose the other app: "
            "%(columns)s."
        )
        names = [name for role, name in inventory.columns.items() if role in {"app", "bundle", "platform"}]
        raise InventoryError("other-apps", message, app=product.capitalize(), columns=", ".join(names))
    if inventory.skipped:
        raise InventoryError(
            "no-phones", _("No line could be read. Each line needs a phone and the version of its app.")
        )
    raise InventoryError("no-phones", _("The file has a header row but no phones. Export the inventory again."))


def is_too_old(version: str, needed: Version) -> bool | None:
    """Return whether an app version is older than the version needed; None if it is not a version number."""
    try:
        return Version.parse(version) < needed
    except ValueError:
        return None
