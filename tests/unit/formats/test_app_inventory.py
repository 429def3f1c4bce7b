"""App inventories of several MDMs: columns, states, encodings, other apps, repeated phones, and unreadable lines."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.compatibility.version import Version
from rollout.formats.app_inventory import Inventory, InventoryError, is_too_old, read_inventory
from rollout.formats.inventory_columns import COLUMNS, INSTALL_STATES, keys_of
from tests.support.paths import ROOT

Read = Callable[..., Inventory]
CASES = ROOT / "tests" / "cases" / "inventories"
TABLE = json.loads((CASES / "table.json").read_text())


def read(text: str | bytes, product: str = "confluence") -> Inventory:
    return read_inventory(io.BytesIO(text.encode() if isinstance(text, str) else text), product=product)


def test_it_works() -> None:
    inventory = read("Device name,App version\nAda's iPhone,2.0.1\nBob's iPhone,1.9\n")
    assert inventory.phones == {"Ada's iPhone": "2.0.1", "Bob's iPhone": "1.9"}
    assert (inventory.repeated, inventory.others, inventory.skipped) == (0, 0, 0)


@pytest.mark.parametrize("case", TABLE, ids=[case["file"] for case in TABLE])
def test_files_of_many_consoles(case: dict[str, Any]) -> None:
    with (CASES / case["file"]).open("rb") as file:
        if "refused" in case:
            with pytest.raises(InventoryError) as caught:
                read_inventory(file, product="confluence")
            assert caught.value.code == case["refused"]
            return
        inventory = read_inventory(file, product="confluence")
    assert (inventory.phones, inventory.others, inventory.skipped) == (case["phones"], case["others"], 0)


def test_every_file_is_in_the_table() -> None:
    assert {case["file"] for case in TABLE} == {path.name for path in CASES.glob("*.csv")}


def test_the_other_app_of_the_same_phones() -> None:
    with (CASES / "two-bundles.csv").open("rb") as file:
        assert read_inventory(file, product="jira").phones == {"Ward 3 (SER03)": "2.1.0", "Ward 4 (SER04)": "2.1.0"}
    with (CASES / "a-column-for-each-app.csv").open("rb") as file:
        assert read_inventory(file, product="jira").phones["Ward 2 (SER02)"] == ""


@pytest.mark.parametrize("file", [case["file"] for case in TABLE if case.get("refused", "").startswith(("no-", "unc"))])
def test_a_refused_file_is_told_its_columns_and_what_is_expected(file: str) -> None:
    data = (CASES / file).read_bytes()
    with pytest.raises(InventoryError) as caught:
        read(data)
    for column in data.decode().splitlines()[0].replace(";", ",").split(","):
        assert column in str(caught.value)
    assert "App version" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "row", "device", "version"),
    [
        # Intune, raw data of discovered apps: ApplicationVersion is the build number
        ("ApplicationKey,ApplicationName,ApplicationShortVersion,ApplicationVersion,DeviceId,DeviceName,Platform",
         "1,Confluence Data Center,2.0.1,345,9f2d,iPhone 15,iOS", "iPhone 15 (9f2d)", "2.0.1"),
        ("Display Name,Serial Number,App Name,Short Version",  # Jamf Pro
         "Ada,C02X,Confluence Server,1.9.0", "Ada (C02X)", "1.9.0"),
        ("Friendly Name;Application Name;Application Version;Platform",  # Workspace ONE
         "Ada iPhone;Confluence Data Center;2.1 (77);Apple iOS", "Ada iPhone", "2.1"),
        ("serial\tversion", "C02X\t2.0", "C02X", "2.0"),
        ("UDID,Bundle ID,Bundle version", "00-1,com.atlassian.confluence.server,2.0", "00-1", "2.0"),
    ],
)  # fmt: skip
def test_headers_of_every_vendor(header: str, row: str, device: str, version: str) -> None:
    assert read(f"{header}\r\n{row}\r\n").phones == {device: version}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_spreadsheets(encoding: str) -> None:
    assert read("sep=;\nGerät;Device name;App version\nx;Müllers iPhone;2.0\n".encode(encoding)).phones == {
        "Müllers iPhone": "2.0"
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_encoding_with_every_separator(encoding: str, separator: str) -> None:
    text = "\r\n".join(separator.join(cells) for cells in (("Device name", "App version"), ("Zoë’s iPad", "2.0")))
    assert read(text.encode(encoding)).phones == {"Zoë’s iPad": "2.0"}


@pytest.mark.parametrize(
    ("platform", "counts"),
    [
        ("I", True), ("i", True), ("A", False), ("M", False), ("W", False), ("iOS", True), ("iOS/iPadOS", True),
        ("Apple iOS", True), ("Apple", True), ("ios", True), ("iPhone15,2", True), ("iPadOS 18.3", True), ("", True),
        ("18.3", True), ("Apple TV", False), ("tvOS", False), ("macOS", False), ("Apple macOS", False), ("Mac", False),
        ("visionOS", False), ("watchOS", False), ("Android (Apple-like)", False), ("androidForWork", False),
        ("Windows", False), ("ChromeOS", False), ("Kiosk", False),
    ],
)  # fmt: skip
def test_platforms(platform: str, counts: bool) -> None:
    inventory = read(f'Device name,Platform,App name,App version\nA,"{platform}",Confluence Data Center,2.0\n'
                     "B,iOS,Confluence Data Center,2.0\n")  # fmt: skip
    assert ("A" in inventory.phones) is counts


@pytest.mark.parametrize(
    ("app", "counts"),
    [
        ("Confluence Data Center", True), ("Confluence Server", True), ("Atlassian Confluence", True),
        ("CONFLUENCE", True), ("Wiki (Confluence Data Center)", True), ("Confluence Cloud", False), ("Jira", False),
        ("Notebook for Confluence", False), ("Drawings for Atlassian Confluence", False), ("", False),
    ],
)  # fmt: skip
def test_app_names(app: str, counts: bool) -> None:
    inventory = read(f"Device name,App name,App version\nA,{app},2.0\nB,Confluence Data Center,2.0\n")
    assert ("A" in inventory.phones) is counts


@pytest.mark.parametrize(
    ("state", "version"),
    [
        ("Installed", "2.0"), ("installed", "2.0"), ("Update available", "2.0"), ("Uninstall failed", "2.0"),
        ("Managed", "2.0"), ("1", "2.0"), ("Yes", "2.0"), ("Installiert", "2.0"), ("Installé", "2.0"),
        ("Instalado", "2.0"), ("インストール済み", "2.0"),
        ("Not installed", None), ("Not Installed", None), ("notInstalled", None), ("Failed", None),
        ("Pending install", None), ("pendingInstall", None), ("Removed by User", None), ("Not applicable", None),
        ("0", None), ("-1", None), ("No", None), ("Nicht installiert", None), ("Non installé", None),
        ("No instalado", None), ("未インストール", None), ("Available", None),
        ("Unknown", ""), ("Unbekannt", ""), ("Inconnu", ""), ("Desconocido", ""), ("不明", ""), ("", ""), ("99", ""),
        ("Installed?", "2.0"), ("Installed maybe", ""), ("7", ""),
    ],
)  # fmt: skip
def test_install_states(state: str, version: str | None) -> None:
    text = f"Device name,App version,App install state\nA,2.0,{state}\nB,2.0,Installed\n"
    assert read(text).phones == {"A": version, "B": "2.0"}


def test_states_that_are_not_known_are_named() -> None:
    inventory = read("Device name,App version,App status\nA,2.0,Asennettu\nB,2.0,Asennettu\nC,2.0,Unknown\n")
    assert inventory.phones == {"A": "", "B": "", "C": ""}
    assert inventory.unknown_states == ["Asennettu"]


@pytest.mark.parametrize(
    ("header", "row", "version"),
    [
        ("Device name,App name,Version,Platform", "A,Confluence,2.0,iOS", "2.0"),
        ("Device name,OS,Version,App name,Version", "A,iOS,18.3,Confluence,2.0", "2.0"),
        ("App name,Version,Device name,OS,Version", "Confluence,2.0,A,iOS,18.3", "2.0"),
        ("Device name,OS,OS version,Version,App name", "A,iOS,18.3,2.0,Confluence", "2.0"),
        ("App name,Platform,Version,Device name", "Confluence,I,2.0,A", "2.0"),
        ("Device name,Version,App name,Platform", "A,2.0,Confluence,iOS", "2.0"),
        ("Device name,Platform,Version,Status", "A,iOS,2.0,Installed", "2.0"),
        ("Device name,OS,Version,App name", "A,iOS,18.3,Confluence", None),
        ("Device name,App name,Operating system,Version", "A,Confluence,iOS,18.3", None),
        ("Device name,Platform,Version,Status", "A,iOS,18.3,Enrolled", None),
        ("Device name,Version,Platform", "A,18.3,iOS", None),
        ("Device name,OS version,Assigned version", "A,18.3,2.0", None),
        ("Gerätename,Betriebssystem,Version,Anwendungsname", "A,iOS,18.3,Confluence", None),
    ],
)  # fmt: skip
def test_the_systems_version_is_not_the_apps(header: str, row: str, version: str | None) -> None:
    if version:
        assert read(f"{header}\n{row}\n").phones == {"A": version}
        return
    with pytest.raises(InventoryError) as caught:
        read(f"{header}\n{row}\n")
    assert caught.value.code in {"unclear-version", "no-version-column"}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Name,App name,App version", "A,Confluence,2.0"),
        ("Device name,Name,App version", "A,Confluence,2.0"),
        ("Nom,Nom de l'application,Version", "A,Confluence,2.0"),
    ],
)
def test_a_bare_name_is_the_phones_or_the_apps(header: str, row: str) -> None:
    assert read(f"{header}\n{row}\n").phones == {"A": "2.0"}


@pytest.mark.parametrize("version", ["2.0.1", "2.0.1 (1187)", " 2.0.1 "])
def test_builds_are_left_out(version: str) -> None:
    assert read(f"Device name,App version\nA,{version}\n").phones == {"A": "2.0.1"}


@pytest.mark.parametrize("version", ["", "-", "–", "N/A", "Unknown"])
def test_no_version_is_unknown_and_not_a_version(version: str) -> None:
    assert read(f"Device name,App version\nA,{version}\n").phones == {"A": ""}


def test_no_column_and_no_state_has_two_meanings() -> None:
    for names in (COLUMNS, INSTALL_STATES):
        keys = [key for group in names.values() for key in keys_of(group)]
        assert sorted(keys) == sorted(set(keys))


def test_other_apps_and_platforms_are_ignored() -> None:
    inventory = read(
        "Device name,App name,Version,Platform\nA,Confluence Data Center,2.0,iOS\nA,Confluence Cloud,9.0,iOS\n"
        "A,Jira Data Center,3.0,iOS\nB,Confluence Data Center,1.0,Android\nC,Confluence Data Center,1.8,iPadOS\n"
    )
    assert (inventory.phones, inventory.others) == ({"A": "2.0", "C": "1.8"}, 3)


@pytest.mark.parametrize(
    ("rows", "version"),
    [
        (["1,1.9,Installed", "1,2.0,Installed"], "2.0"),
        (["1,2.0,Installed", "1,1.9,Installed"], "2.0"),
        (["1,1.9,Installed", "1,1.10,Installed"], "1.10"),
        (["1,1.9,Installed", "1,2.0,Not installed"], "1.9"),
        (["1,1.9,Not installed", "1,2.0,Unknown"], ""),
        (["1,x,Installed", "1,1.9,Installed"], "1.9"),
    ],
)
def test_the_newest_version_on_a_phone_counts(rows: list[str], version: str) -> None:
    inventory = read("\n".join(["serial,version,app status", *rows, "2,2.0,Installed"]))
    assert (inventory.phones, inventory.repeated) == ({"1": version, "2": "2.0"}, 1)


def test_phones_with_the_same_name_are_separate() -> None:
    assert len(read("Device name,Serial number,Version\niPhone,1,2.0\niPhone,2,2.0\n").phones) == 2
    long = read(f"Device name,Serial number,Version\n{'n' * 300},1,2.0\n{'n' * 300},2,2.0\n")
    assert [len(device) for device in long.phones] == [200, 200]


def test_unreadable_lines_are_reported_by_number() -> None:
    inventory = read(f"serial,version\n1,2.0\n\n,1.9\n4,{'9' * 61}\n5\n6,2.0\0\n")
    assert [skipped.line for skipped in inventory.skipped_lines] == [4, 5, 7]
    assert inventory.phones == {"1": "2.0", "5": ""}


def test_only_the_first_unreadable_lines_are_listed() -> None:
    inventory = read("serial,version\n1,2.0\n" + ",2.0\n" * 5000)
    assert (inventory.skipped, len(inventory.skipped_lines)) == (5000, 100)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"serial,version\n", "no-phones"),
        (b"serial,version\n,2.0\n", "no-phones"),
        (b"serial,colour\n1,red\n", "no-version-column"),
        (b"version,colour\n1,red\n", "no-device-column"),
        (b"serial,app name,version\n1,Mail,2.0\n", "other-apps"),
        (b"serial,version\n\x81\x8d,2.0\n", "encoding"),
        (b"\xff\xfea", "encoding"),
        (b'serial,version\n"1' + b"x" * 200_000, "not-csv"),
        (b"PK\x03\x04\x00\x00", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "workbook"),
        (b"<!DOCTYPE html><title>Sign in</title>", "markup"),
        (b'<?xml version="1.0"?><Workbook/>', "markup"),
        (b"{}", "no-version-column"),
    ],
)
def test_an_unreadable_file_is_rejected_with_a_message(data: bytes, code: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read(data)
    assert caught.value.code == code
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("version", "old"), [("1.9.9", True), ("2.0", False), ("2.0-rc1", True), ("10.0", False), ("", None), ("x", None)]
)
def test_versions_are_compared_by_number(version: str, old: bool | None) -> None:
    assert is_too_old(version, Version.parse("2.0")) is old


@given(st.binary(max_size=400))
def test_any_bytes_give_an_inventory_or_an_error(data: bytes) -> None:
    for start in (b"", b"serial,version\n", b"\xff\xfe"):
        try:
            inventory = read(start + data)
        except InventoryError:
            continue
        assert all(inventory.phones)
