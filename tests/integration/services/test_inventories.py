"""The latest import of a product keeps its phones; the phones of earlier imports are deleted."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout.models import AppInventory, AuditEvent, InventoryPhone, RunState
from rollout.services import inventories
from tests.support.inventory_imports import import_inventory

SMALL = "Device name,App version\nA,2.0\nB,1.9\nC,1.9\nD,\nE,x\n"


STATES = "Device name,App version,App status\nA,2.0,Installed\nB,2.0,Not installed\nC,2.0,Failed\nD,2.0,Unknown\n"


def import_text(actor, text: str = SMALL, product: str = "confluence", name: str = "export.csv"):
    return import_inventory(actor, text.encode(), product=product, name=name)


def test_it_works(administrator) -> None:
    row = import_text(administrator).inventory
    assert (row.phones, row.too_old, row.unreadable, row.needed) == (5, 2, 2, "2.0")
    assert row.versions == {"1.9": 2, "2.0": 1, "": 1, "x": 1}
    assert dict(row.devices.values_list("device", "too_old")) == {
        "A": False,
        "B": True,
        "C": True,
        "D": None,
        "E": None,
    }
    event = AuditEvent.objects.get()
    assert (event.action, event.details) == (
        "inventory.imported",
        {"phones": 5, "too_old": 2, "unreadable": 2, "not_installed": 0},
    )


def test_phones_without_the_app_are_kept_apart(administrator) -> None:
    row = import_text(administrator, STATES).inventory
    assert (row.phones, row.too_old, row.unreadable, row.not_installed) == (2, 0, 1, 2)
    assert row.versions == {"2.0": 1, "": 1}
    assert set(row.devices.values_list("device", "version", "too_old", "installed")) == {
        ("A", "2.0", False, True),
        ("B", "", None, False),
        ("C", "", None, False),
        ("D", "", None, True),
    }


def test_an_app_that_no_phone_has_yet(administrator) -> None:
    row = import_text(administrator, "Device name,App version,App status\nA,2.0,Not installed\n").inventory
    assert (row.phones, row.not_installed, row.versions) == (0, 1, {})


def test_phones_of_earlier_imports_are_deleted_and_their_totals_stay(administrator) -> None:
    first = import_text(administrator).inventory
    jira = import_text(administrator, product="jira").inventory
    second = import_text(administrator, "Device name,App version\nA,2.0\n").inventory
    assert first.devices.count() == 0
    assert AppInventory.objects.get(pk=first.pk).too_old == 2
    assert jira.devices.count() == 5
    assert list(AppInventory.objects.newest()) == [second, jira]


@pytest.mark.parametrize("text", ["", "serial,version\n", "<html>", "version\n2.0\n"])
def test_an_unreadable_file_changes_nothing(administrator, text: str) -> None:
    import_text(administrator)
    row = import_text(administrator, text)
    assert (row.state, row.inventory) == (RunState.FAILED, None)
    assert "file" in row.failure or "header" in row.failure
    assert (AppInventory.objects.count(), InventoryPhone.objects.count()) == (1, 5)


def test_twenty_thousand_phones(administrator) -> None:
    lines = "".join(f"iPhone,SERIAL{number:08},Confluence Data Center,1.{number % 300}\n" for number in range(20_000))
    text = "Device name,Serial number,App name,Short version\n" + lines
    tracemalloc.start()
    begun = time.monotonic()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        row = import_text(administrator, text).inventory
    seconds, (_now, peak) = time.monotonic() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (row.phones, row.too_old, row.devices.count()) == (20_000, 20_000, 20_000)
    assert len(row.versions) == inventories.MAX_VERSIONS + 1
    assert sum(row.versions.values()) == 20_000
    assert len(queries) < 40
    assert peak < 40 * 1024 * 1024
    assert seconds < 60
