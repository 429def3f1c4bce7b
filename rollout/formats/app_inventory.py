"""Reads the app inventory that an MDM exports as CSV: which phone has which version of the app. Pure.

The export names its columns in its own way (Intune, Jamf Pro, Workspace ONE), lists other apps too, and repeats phones.
Read as a stream, so that memory holds the phones found and not the file.
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
MAX_FAULTS = 100
LONGEST_DEVICE = 200
LONGEST_VERSION = 60
# Headers as the vendors write them, in small letters and digits only; of several in a file the first one here counts.
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
    """The file as a whole cannot be read. ``message`` is a message id with places for ``values``."""

    def __init__(self, code: str, message: str, **values: str) -> None:
        super().__init__(message % values)
        self.code, self.message, self.values = code, message, values


@dataclass(frozen=True)
class Fault:
    """One line that was left out; ``line`` counts as an editor does, the header being 1."""

    line: int
    message: str


@dataclass
class Inventory:
    """``phones`` maps a device to its app version, ``""`` for none. ``faults`` are the first hundred of ``faulty``."""

    phones: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    others: int = 0
    faulty: int = 0
    faults: list[Fault] = field(default_factory=list)

    def leave_out(self, line: int, message: str) -> None:
        self.faulty += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(line, message))


def read_inventory(file: BinaryIO, *, product: str) -> Inventory:
    """The phones of one app. Of rows that repeat a phone the last one counts. Raises InventoryError.

    UTF-8 or, with a byte order mark, UTF-16; comma, semicolon or tab. Rows of other apps, of the product's cloud app
    and of other platforms are counted in ``others``.
    """
    text = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
    try:
        return _read(text, product)
    except UnicodeError:
        raise InventoryError(
            "encoding", _("The file is not UTF-8 text. Save it as “CSV UTF-8” and choose it again.")
        ) from None
    except csv.Error:
        raise InventoryError("not-csv", _("The file is not valid CSV: a quotation mark is not closed.")) from None
    finally:
        text.detach()


def _encoding(file: BinaryIO) -> str:
    start = file.read(4)
    file.seek(0)
    if not start.strip():
        raise InventoryError("empty", _("The file is empty."))
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _read(text: io.TextIOWrapper, product: str) -> Inventory:
    first, line_of_header = text.readline(65536), 1
    if first.lower().startswith("sep="):  # what spreadsheets write to say their separator
        first, line_of_header = text.readline(65536), 2
    separator = max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=separator), [])
    places = _places(header)
    found = Inventory(columns={role: header[place].strip() for role, place in places.items()})
    for line, cells in _rows(text, separator):
        _add(found, line_of_header + line, cells, places, product)
    if not found.phones:
        _refuse_nothing(found, product)
    return found


def _rows(text: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=separator)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _places(header: list[str]) -> dict[str, int]:
    """Where each role's column is. Raises InventoryError when the phone or the version has none."""
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    places: dict[str, int] = {}
    for role, known in HEADERS.items():
        place = next((names.index(name) for name in known if name in names), None)
        if place is not None and place not in places.values():
            places[role] = place
    if "version" not in places:
        raise InventoryError(
            "no-version-column",
            _("There is no column with the app's version. Name it “App version” in the first row."),
        )
    if "id" not in places and "name" not in places:
        raise InventoryError(
            "no-device-column",
            _(
                "There is no column that identifies the phone. Name it “Serial number” or “Device name” in the first "
                "row."
            ),
        )
    return places


def _add(found: Inventory, line: int, cells: list[str], places: dict[str, int], product: str) -> None:
    row = {role: cells[place].strip() if place < len(cells) else "" for role, place in places.items()}
    if not _is_ours(row, product):
        found.others += 1
        return
    device, version = _device(row), _BUILD.sub("", row["version"])
    if "\0" in device or "\0" in version:
        found.leave_out(line, _("This line contains a null character."))
    elif not device:
        found.leave_out(line, _("This line does not identify a phone."))
    elif len(version) > LONGEST_VERSION:
        found.leave_out(line, _("The version in this line is longer than 60 characters."))
    elif device not in found.phones and len(found.phones) >= MAX_PHONES:
        raise InventoryError("too-many", _("The file has more than 200,000 phones. Split it by group and app."))
    else:
        found.repeated += device in found.phones
        found.phones[device] = version


def _is_ours(row: dict[str, str], product: str) -> bool:
    app, platform = row.get("app", "").casefold(), row.get("platform", "")
    if "app" in row and (product not in app or "cloud" in app):
        return False
    return not platform or bool(_APPLE.search(platform))


def _device(row: dict[str, str]) -> str:
    """``name (serial)``: phones share names, so what is unique comes along whole."""
    unique, name = row.get("id", "")[:80], row.get("name", "")
    if unique and name and unique != name:
        return f"{name[: LONGEST_DEVICE - len(unique) - 3]} ({unique})"
    return (unique or name)[:LONGEST_DEVICE]


def _refuse_nothing(found: Inventory, product: str) -> None:
    if found.others:
        message = _(
            "No row is about %(app)s Data Center on an iPhone or iPad: the column %(column)s contains other apps."
        )
        column = found.columns.get("app") or found.columns.get("platform") or ""
        raise InventoryError("other-apps", message, app=product.capitalize(), column=column)
    if found.faulty:
        raise InventoryError("no-phones", _("No line of the file contains a phone and its version."))
    raise InventoryError("no-phones", _("The file has a header but no phones."))


def is_too_old(version: str, needed: Version) -> bool | None:
    """Whether the app is below the version that is needed; None when its version is none."""
    try:
        return Version.parse(version) < needed
    except ValueError:
        return None
