from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.formats.site_csv import COLUMNS, MAX_BYTES, MAX_ERRORS, CsvReport, SiteRow, escape_formula, read_sites_csv

FULL = SiteRow(
    title="Engineering Wiki",
    base_url="https://confluence.example.com/wiki",
    product="confluence",
    provider="gatepass",
    owners=("ada@example.com", "bob@example.org"),
    notes='Behind the "old" proxy;\nask first, please',
    people=1200,
    oauth_plugin_version="4.1.1",
    mobile_plugin_version="19.1.47.1",
    cache_session_in_mobile_browser=True,
)
PLAIN = SiteRow(title="Handbook", base_url="https://handbook.example.com")


def read(text: str | bytes, **options: object) -> CsvReport:
    data = text.encode() if isinstance(text, str) else text
    report = read_sites_csv(data, **{"allow_loopback_http": False, **options})  # type: ignore[arg-type]
    for error in report.errors:
        str(error).encode()
    return report


def written(rows: Iterable[SiteRow]) -> str:
    """Return the rows as the export writes them."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([escape_formula(cell(getattr(row, column))) for column in COLUMNS] for row in rows)
    return file.getvalue()


def cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, tuple) else str(value).strip()


def refusals(report: CsvReport) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, error.code) for error in report.errors]


def test_it_works() -> None:
    report = read("title,base_url,people\nHandbook,https://Handbook.example.com:443/,30\n")
    assert report.rows == (replace(PLAIN, people=30),)
    assert report.rows[0].row == 2
    assert report.errors == ()
    assert report.columns == ("title", "base_url", "people")


def test_export_and_import_are_each_others_inverse() -> None:
    text = written([FULL, PLAIN])
    report = read(text)
    assert report.errors == ()
    assert report.rows == (FULL, PLAIN)
    assert report.columns == COLUMNS
    assert written(report.rows) == text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_spreadsheets_save_is_read(delimiter: str, encoding: str) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow(["Title", " BASE_URL ", "notes"])
    writer.writerow(["Zürich", "https://a.example.com", "one, two; three"])
    report = read(file.getvalue().encode(encoding))
    assert report.errors == ()
    assert report.rows == (SiteRow("Zürich", "https://a.example.com", notes="one, two; three"),)


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    report = read('title,base_url,notes\n\nA,https://a.example.com,"two\nlines"\n,,\nB,nonsense,\n')
    assert [row.row for row in report.rows] == [3]
    assert refusals(report) == [(5, "base_url", "base-url-not-absolute")]


def test_empty_cells_and_trailing_columns_take_the_defaults() -> None:
    header = ",".join(COLUMNS)
    report = read(f"{header},,\nHandbook,,https://handbook.example.com,,,,,,,,,\n")
    assert (report.rows, report.errors) == ((PLAIN,), ())
    assert read(f"{header}\nHandbook,,https://handbook.example.com\n").rows == (PLAIN,)


def test_missing_columns_are_not_in_the_report() -> None:
    assert read("base_url,title\nhttps://a.example.com,A\n").columns == ("base_url", "title")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("title", [(1, "base_url", "missing-column")]),
        (
            "nonsense",
            [(1, "nonsense", "unknown-column"), (1, "title", "missing-column"), (1, "base_url", "missing-column")],
        ),
        ("title,base_url,title", [(1, "title", "duplicate-column")]),
        ("title,base_url,colour", [(1, "colour", "unknown-column")]),
        ("title,base_url,client_secret", [(1, "client_secret", "unknown-column")]),
        ("title,,base_url", [(1, "", "unknown-column")]),
    ],
)
def test_a_wrong_header_is_reported(header: str, expected: list[tuple[int, str, str]]) -> None:
    assert refusals(read(header + "\n")) == expected


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe", "empty"),
        (b" \r\n \n", "empty"),
        (b"title,base_url\nZ\xfcrich,https://a.example.com\n", "encoding"),
        (b"\xff\xfet", "encoding"),
        (b"\xff\xfe\x00\xd8", "encoding"),
        (b"PK\x03\x04\x00\x00", "nul"),
        ("title".encode("utf-16-le"), "nul"),
        (b"title,base_url\nA\0,https://a.example.com\n", "nul"),
        (b'title,base_url\n"A,https://a.example.com\n', "broken-csv"),
        (b"title,base_url\n" + b"x" * 140_000 + b",https://a.example.com\n", "broken-csv"),
        (b"x" * (MAX_BYTES + 1), "too-large"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_error(data: bytes, code: str) -> None:
    report = read(data)
    assert refusals(report) == [(0, "", code)]
    assert report.rows == ()


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("title", "", "title-empty"),
        ("title", "x" * 121, "too-long"),
        ("title", "two\nlines", "title-line-break"),
        ("title", "bell\x07", "control-character"),
        ("title", "abc\u202egpj", "control-character"),
        ("product", "sharepoint", "not-a-choice"),
        ("provider", "google", "not-a-choice"),
        ("base_url", "", "base-url-empty"),
        ("base_url", "http://a.example.com", "base-url-http"),
        ("base_url", "http://127.0.0.1:8000", "base-url-http"),
        ("base_url", "https://user:pass@a.example.com", "base-url-user-info"),
        ("base_url", "https://a.example.com/%zz", "base-url-percent-escape"),
        ("base_url", "javascript:alert(1)", "base-url-not-absolute"),
        ("owners", "ada", "not-an-email"),
        ("owners", "ada@example.com <bob@example.com>", "not-an-email"),
        ("owners", "a@" + "x" * 260 + ".com", "not-an-email"),
        ("owners", " ".join(f"a{number}@example.com" for number in range(51)), "too-many-owners"),
        ("notes", "x" * 4001, "too-long"),
        ("people", "-1", "not-a-number"),
        ("people", "1.5", "not-a-number"),
        ("people", "1e3", "not-a-number"),
        ("people", "٣", "not-a-number"),
        ("people", "9" * 5000, "not-a-number"),
        ("people", "10000001", "not-a-number"),
        ("oauth_plugin_version", "latest", "not-a-version"),
        ("oauth_plugin_version", "4.1.1-" + "x" * 40, "too-long"),
        ("mobile_plugin_version", "19..1", "not-a-version"),
        ("cache_session_in_mobile_browser", "maybe", "not-a-boolean"),
    ],
)
def test_a_wrong_cell_is_reported_where_it_is(column: str, text: str, code: str) -> None:
    good = {"title": "A", "base_url": "https://a.example.com"}
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerow(good | {column: text})
    report = read(file.getvalue())
    assert refusals(report) == [(2, column, code)]
    assert report.rows == ()


def test_every_wrong_cell_of_a_row_is_reported() -> None:
    report = read("title,base_url,people\n,nonsense,many\n")
    assert [error.column for error in report.errors] == ["title", "base_url", "people"]


def test_a_good_row_beside_a_wrong_one_is_kept() -> None:
    report = read("title,base_url\n,x\nA,https://a.example.com\n")
    assert [row.title for row in report.rows] == ["A"]


def test_the_same_site_twice_is_refused_with_the_row_of_the_first() -> None:
    report = read("title,base_url\nA,https://a.example.com/wiki\nB,https://A.EXAMPLE.com/wiki/\n")
    assert refusals(report) == [(3, "base_url", "duplicate-base-url")]
    assert report.errors[0].values == {"first": "2"}
    assert [row.title for row in report.rows] == ["A"]


def test_more_cells_than_the_header_are_refused() -> None:
    assert refusals(read("title,base_url\nA,https://a.example.com,more\n")) == [(2, "", "too-many-cells")]


def test_loopback_sites_are_read_where_allowed() -> None:
    report = read("title,base_url\nDemo,http://127.0.0.1:8001/at/demo\n", allow_loopback_http=True)
    assert report.rows[0].base_url == "http://127.0.0.1:8001/at/demo"


def test_too_many_rows_are_refused_as_a_whole() -> None:
    text = "title,base_url\n" + "".join(f"A,https://a{number}.example.com\n" for number in range(3))
    assert len(read(text, max_rows=3).rows) == 3
    assert refusals(read(text, max_rows=2)) == [(0, "", "too-many-rows")]


def test_the_number_of_errors_is_limited() -> None:
    report = read("title,base_url\n" + ",x\n" * 2000)
    assert len(report.errors) == MAX_ERRORS
    assert report.errors[-1].code == "too-many-errors"
    assert len(read(",".join(f"c{number}" for number in range(2000))).errors) == MAX_ERRORS


@pytest.mark.parametrize("text", ["TRUE", "Yes", "1"])
def test_yes_has_several_spellings(text: str) -> None:
    report = read(f"title,base_url,cache_session_in_mobile_browser\nA,https://a.example.com,{text}\n")
    assert report.rows[0].cache_session_in_mobile_browser


def test_owners_are_separated_by_spaces_semicolons_or_commas_and_named_once() -> None:
    report = read('title,base_url,owners\nA,https://a.example.com,"a@x.org; b@x.org c@x.org,A@x.org"\n')
    assert report.rows[0].owners == ("a@x.org", "b@x.org", "c@x.org")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "'=1", "''=1", "＝1", "-", "=", "'quoted'", "'"]
)
def test_a_formula_is_escaped_and_restored(text: str) -> None:
    row = replace(PLAIN, title=text, notes=text)
    text_of_row = written([row])
    cells = next(iter(list(csv.reader(io.StringIO(text_of_row, newline="")))[1:]))
    assert not cells[0].startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    assert read(text_of_row).rows == (row,)


_line = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Cn"]), min_size=1, max_size=20
) | st.text("'=+-@\"; ,a", min_size=1, max_size=8)


@given(title=_line.map(str.strip).filter(bool), notes=st.lists(_line, max_size=3).map("\r\n".join).map(str.strip))
def test_any_text_survives_export_and_import(title: str, notes: str) -> None:
    rows = (replace(FULL, title=title, notes=notes), PLAIN)
    assert read(written(rows)).rows == rows


@given(st.binary(max_size=300) | st.text("title,base_url\n\r\";\t='", max_size=200).map(str.encode))
def test_any_bytes_give_a_report(data: bytes) -> None:
    read(data)
    read(b"title,base_url,notes\n" + data)
