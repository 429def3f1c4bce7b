"""Parser for the sites CSV with errors by row and column, and escaping of written cells. Without Django.

An import does not change columns that are missing in a file; ``CsvReport.columns`` lists those that are present.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any

from rollout.message_ids import gettext_noop as _

from .site_cells import InvalidCellError, read_cell, shown

COLUMNS = (
    "title",
    "product",
    "base_url",
    "provider",
    "owners",
    "notes",
    "people",
    "oauth_plugin_version",
    "mobile_plugin_version",
    "cache_session_in_mobile_browser",
)
REQUIRED = ("title", "base_url")
MAX_BYTES = 2 * 1024 * 1024
MAX_ERRORS = 500

# Spreadsheets interpret cells that start with these as formulas (OWASP, CSV injection); an apostrophe prevents that.
# Cells that already start with apostrophes get one more, so that reading always removes exactly one.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


@dataclass(frozen=True)
class SiteRow:
    """One site of the file. ``row`` starts with 1 for the header, as in a spreadsheet; ``base_url`` is canonical."""

    title: str
    base_url: str
    product: str = "confluence"
    provider: str = "confluence"
    owners: tuple[str, ...] = ()
    notes: str = ""
    people: int = 0
    oauth_plugin_version: str = ""
    mobile_plugin_version: str = ""
    cache_session_in_mobile_browser: bool = False
    row: int = field(default=0, compare=False)


@dataclass(frozen=True)
class CellError:
    """One error. ``row`` is 0 for the whole file; ``column`` is empty for the whole file or row.

    ``message`` is a message ID: an English sentence with ``%(name)s`` placeholders for ``values``.
    """

    row: int
    column: str
    code: str
    message: str
    values: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.values


@dataclass(frozen=True)
class CsvReport:
    """The valid rows, all errors, and the known columns in the order of the header."""

    rows: tuple[SiteRow, ...]
    errors: tuple[CellError, ...]
    columns: tuple[str, ...] = ()


def read_sites_csv(data: bytes, *, allow_loopback_http: bool, max_rows: int = 20000) -> CsvReport:
    """Parse a CSV file. Never raises: errors, at most 500, are in the report.

    Accepts UTF-8 or, with a byte order mark, UTF-16; commas, semicolons or tabs; quoted line breaks (RFC 4180).
    ``allow_loopback_http`` (trial and tests) allows base URLs with loopback hosts, also with http.
    """
    try:
        records = _records(_decode(data))
        columns, errors = _header(records[0])
        if any(error.code in {"missing-column", "duplicate-column"} for error in errors):
            return CsvReport((), tuple(errors[:MAX_ERRORS]))
        if sum(1 for cells in records[1:] if _filled(cells)) > max_rows:
            raise InvalidCellError(
                "too-many-rows", _("The file has more than %(limit)s sites. Split it."), limit=str(max_rows)
            )
    except InvalidCellError as error:
        return CsvReport((), (CellError(0, "", error.code, error.message, error.values),))
    rows, row_errors = _rows(columns, records, allow_loopback_http)
    errors += row_errors
    if len(errors) > MAX_ERRORS:
        message = _("There are more errors. Correct these first.")
        errors = [*errors[: MAX_ERRORS - 1], CellError(0, "", "too-many-errors", message)]
    return CsvReport(tuple(rows), tuple(errors), tuple(column for column in columns if column in COLUMNS))


def escape_formula(cell: str) -> str:
    """Return the cell so that no spreadsheet interprets it as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unescape_formula(cell: str) -> str:
    """Undo ``escape_formula``."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise InvalidCellError("too-large", _("The file is larger than 2 MiB. Split it."))
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise InvalidCellError("encoding", _("The file is not UTF-8 text. Save it as “CSV UTF-8”.")) from None
    if "\0" in text:
        raise InvalidCellError(
            "nul", _("The file is not a text file: it contains null characters. Save it as “CSV UTF-8”.")
        )
    if not text.strip():
        raise InvalidCellError("empty", _("The file is empty. Choose a CSV file with one site per row."))
    return text


def _records(text: str) -> list[list[str]]:
    """Split the text at the delimiter with which the header contains the most known columns."""

    def known(delimiter: str) -> int:
        try:
            header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error:
            return -1
        return sum(_name(cell) in COLUMNS for cell in header)

    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=known), strict=True)
    try:
        return list(reader)
    except csv.Error:
        message = _("The CSV is invalid near line %(line)s: a quotation mark is not closed, or a cell is too long.")
        raise InvalidCellError("broken-csv", message, line=str(reader.line_num)) from None


def _name(cell: str) -> str:
    return cell.strip().lower()


def _filled(cells: list[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _header(cells: list[str]) -> tuple[list[str], list[CellError]]:
    columns = [_name(cell) for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    errors: list[CellError] = []
    for name in dict.fromkeys(columns):
        if name not in COLUMNS:
            message = _("Unknown column %(column)s. Known columns: %(known)s.")
            values = {"column": shown(name), "known": ", ".join(COLUMNS)}
            errors.append(CellError(1, shown(name), "unknown-column", message, values))
        elif columns.count(name) > 1:
            message = _("The column %(column)s occurs twice. Keep one.")
            errors.append(CellError(1, name, "duplicate-column", message, {"column": name}))
    for name in REQUIRED:
        if name not in columns:
            message = _("The column %(column)s is missing. The first row must contain the column names.")
            errors.append(CellError(1, name, "missing-column", message, {"column": name}))
    return columns, errors


def _rows(
    columns: list[str], records: list[list[str]], allow_loopback_http: bool
) -> tuple[list[SiteRow], list[CellError]]:
    """Return the valid rows and the errors of the others. Stops soon after ``MAX_ERRORS``."""
    rows: list[SiteRow] = []
    errors: list[CellError] = []
    first_at: dict[str, int] = {}
    for number, cells in enumerate(records[1:], 2):
        if not _filled(cells):
            continue
        row, row_errors = _row(number, dict(zip(columns, cells, strict=False)), allow_loopback_http)
        if _filled(cells[len(columns) :]):
            row_errors.append(
                CellError(
                    number,
                    "",
                    "too-many-cells",
                    _(
                        "The row has more cells than the "
                        "header. Remove the extra cells, or "
                        "put text that contains the "
                        "separator in quotation marks."
                    ),
                )
            )
        if row and first_at.setdefault(row.base_url, number) != number:
            values = {"first": str(first_at[row.base_url])}
            message = _("Row %(first)s has the same base URL. Keep one of the two.")
            row_errors.append(CellError(number, "base_url", "duplicate-base-url", message, values))
        errors += row_errors
        if row and not row_errors:
            rows.append(row)
        if len(errors) > MAX_ERRORS:
            break
    return rows, errors


def _row(number: int, cells: dict[str, str], allow_loopback_http: bool) -> tuple[SiteRow | None, list[CellError]]:
    """Return the row, or None with an error for each invalid cell."""
    values: dict[str, Any] = {"row": number}
    errors: list[CellError] = []
    for column in COLUMNS:
        if column not in cells and column not in REQUIRED:
            continue
        text = _unescape_formula(cells.get(column, ""))
        try:
            values[column] = read_cell(column, text, allow_loopback_http=allow_loopback_http)
        except InvalidCellError as error:
            errors.append(CellError(number, column, error.code, error.message, error.values))
    return (None if errors else SiteRow(**values)), errors
