"""App inventories of several MDMs: columns, encodings, other apps, repeated phones, and lines that cannot be read."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.compatibility.version import Version
from rollout.formats.app_inventory import Inventory, InventoryError, is_too_old, read_inventory

Read = Callable[..., Inventory]


def read(text: str | bytes, product: str = "confluence") -> Inventory:
    return read_inventory(io.BytesIO(text.encode() if isinstance(text, str) else text), product=product)


def test_it_works() -> None:
    inventory = read("Device name,App version\nAda's iPhone,2.0.1\nBob's iPhone,1.9\n")
    assert inventory.phones == {"Ada's iPhone": "2.0.1", "Bob's iPhone": "1.9"}
    assert (inventory.repeated, inventory.others, inventory.skipped) == (0, 0, 0)


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


def test_other_apps_and_platforms_are_ignored() -> None:
    inventory = read(
        "Device name,App name,Version,Platform\nA,Confluence Data Center,2.0,iOS\nA,Confluence Cloud,9.0,iOS\n"
        "A,Jira Data Center,3.0,iOS\nB,Confluence Data Center,1.0,Android\nC,Confluence Data Center,1.8,iPadOS\n"
    )
    assert (inventory.phones, inventory.others) == ({"A": "2.0", "C": "1.8"}, 3)


def test_the_last_row_of_a_phone_counts() -> None:
    inventory = read("serial,version\n1,1.9\n2,2.0\n1,2.0\n")
    assert (inventory.phones, inventory.repeated) == ({"1": "2.0", "2": "2.0"}, 1)


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
        (b"serial,version\n\xff\xfe,2.0\n", "encoding"),
        (b"\xff\xfea", "encoding"),
        (b'serial,version\n"1' + b"x" * 200_000, "not-csv"),
        (b"PK\x03\x04\x00\x00", "no-version-column"),
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
