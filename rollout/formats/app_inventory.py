"""Read the app inventory that an MDM exports as CSV: the app version on each phone. Pure.

Column names differ between MDMs (Intune, Jamf Pro, Workspace ONE). Exports also list other apps and repeat phones. The
file is read as a stream, so memory holds the phones and not the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from rollout.compatibility.version import Version
from rollout.message_ids import gettext_noop as _

MAX_BYTES = 64 * 1024 * 1024
MAX_PHONES = 200_000
MAX_SKIPPED_LINES = 100
MAX_DEVICE_LENGTH = 200
MAX_VERSION_LENGTH = 60
# The vendors' headers, reduced to lowercase letters and digits. If a file has several, the first one listed counts.
HEADERS: dict[str, tuple[str, ...]] = {
    "id": ("serialnumber", "serial", "deviceserialnumber", "udid", "deviceudid", "deviceid", "manageddeviceid"),
    "name": ("devicename", "devicefriendlyname", "friendlyname", "mobiledevicename", "displayname", "device", "phone"),
    "version": (
        "applicationshortversion", "shortversion", "appshortversion", "applicationversion", "appversion",
        "installedversion", "bundleversion", "version",
    ),
    "app": ("applicationname", "appname", "application", "app", "applicationidentifier", "bundleid", "identifier"),
    "platform": ("platform", "deviceplatform", "devicetype"),
}  # fmt: skip
_BUILD = re.compile(r"\s*\(.*\)$")
_APPLE = re.compile(r"ios|ipados|iphone|ipad|apple", re.IGNORECASE)


class InventoryError(ValueError):
    """The whole file cannot be read. ``message`` is a message id with placeholders for ``values``."""

    def __init__(self, code: str, message: str, **values: str) -> None:
        super().__init__(message % values)
        self.code, self.message, self.values = code, message, values


@dataclass(frozen=True)
class SkippedLine:
    """A line that cannot be read. ``line`` is its number in a text editor, the header being line 1."""

    line: int
    message: str


@dataclass
class Inventory:
    """``phones`` maps each device to its app version, ``""`` if it has none.

    ``repeated`` counts rows that repeat a phone, ``others`` rows for other apps or devices, and ``skipped`` lines that
    cannot be read. ``skipped_lines`` holds the first ``MAX_SKIPPED_LINES`` of those.
    """

    phones: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    others: int = 0
    skipped: int = 0
    skipped_lines: list[SkippedLine] = field(default_factory=list)

    def skip(self, line: int, message: str) -> None:
        self.skipped += 1
        if len(self.skipped_lines) < MAX_SKIPPED_LINES:
            self.skipped_lines.append(SkippedLine(line, message))


def read_inventory(file: BinaryIO, *, product: str) -> Inventory:
    """Return the phones that have one app. If rows repeat a phone, the last row counts.

    ``file`` is UTF-8, or UTF-16 with a byte order mark, separated by comma, semicolon, or tab. Rows for other apps, the
    product's cloud app, and other platforms are counted in ``others``. Raises InventoryError.
    """
    text = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
    try:
        return _read(text, product)
    except UnicodeError:
        raise InventoryError(
            "encoding", _("The file is not UTF-8 text. Save it as “CSV UTF-8” and choose it again.")
        ) from None
    except csv.Error:
        raise InventoryError(
            "not-csv", _("The file is not valid CSV because a quotation mark is not closed. Export it again.")
        ) from None
    finally:
        text.detach()


def _encoding(file: BinaryIO) -> str:
    start = file.read(4)
    file.seek(0)
    if not start.strip():
        raise InventoryError("empty", _("The file is empty. Choose the CSV file that you exported from your MDM."))
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _read(text: io.TextIOWrapper, product: str) -> Inventory:
    first, header_line = text.readline(65536), 1
    if first.lower().startswith("sep="):  # spreadsheets declare their separator this way
        first, header_line = text.readline(65536), 2
    separator = max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=separator), [])
    indexes = _column_indexes(header)
    inventory = Inventory(columns={role: header[index].strip() for role, index in indexes.items()})
    for line, cells in _rows(text, separator):
        _add(inventory, header_line + line, cells, indexes, product)
    if not inventory.phones:
        _raise_no_phones(inventory, product)
    return inventory


def _rows(text: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=separator)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _column_indexes(header: list[str]) -> dict[str, int]:
    """Return the column index of each role. Raises InventoryError if no column has the phone or the version."""
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    indexes: dict[str, int] = {}
    for role, known in HEADERS.items():
        index = next((names.index(name) for name in known if name in names), None)
        if index is not None and index not in indexes.values():
            indexes[role] = index
    if "version" not in indexes:
        raise InventoryError(
            "no-version-column",
            _("No column contains the app version. Name that column “App version” in the first row."),
        )
    if "id" not in indexes and "name" not in indexes:
        raise InventoryError(
            "no-device-column",
            _("No column identifies the phones. Name that column “Serial number” or “Device name” in the first row."),
        )
    return indexes


def _add(inventory: Inventory, line: int, cells: list[str], indexes: dict[str, int], product: str) -> None:
    row = {role: cells[index].strip() if index < len(cells) else "" for role, index in indexes.items()}
    if not _matches_product(row, product):
        inventory.others += 1
        return
    device, version = _device(row), _BUILD.sub("", row["version"])
    if "\0" in device or "\0" in version:
        inventory.skip(line, _("This line contains a null character. Save the file as “CSV UTF-8”."))
    elif not device:
        inventory.skip(line, _("This line does not identify a phone. Add a serial number, device ID or device name."))
    elif len(version) > MAX_VERSION_LENGTH:
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
        inventory.repeated += device in inventory.phones
        inventory.phones[device] = version


def _matches_product(row: dict[str, str], product: str) -> bool:
    app, platform = row.get("app", "").casefold(), row.get("platform", "")
    if "app" in row and (product not in app or "cloud" in app):
        return False
    return not platform or bool(_APPLE.search(platform))


def _device(row: dict[str, str]) -> str:
    """Return ``name (serial)``. Phones can share a name, so the unique part is never cut."""
    unique, name = row.get("id", "")[:80], row.get("name", "")
    if unique and name and unique != name:
        return f"{name[: MAX_DEVICE_LENGTH - len(unique) - 3]} ({unique})"
    return (unique or name)[:MAX_DEVICE_LENGTH]


def _raise_no_phones(inventory: Inventory, product: str) -> None:
    if inventory.others:
        message = _(
            "No row is for %(app)s Data Center on an iPhone or iPad. Check the column %(column)s, or choose the other "
            "app."
        )
        column = inventory.columns.get("app") or inventory.columns.get("platform") or ""
        raise InventoryError("other-apps", message, app=product.capitalize(), column=column)
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
