"""App versions on phones: administrators import them, auditors read them, and the overview shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rollout.models import AppInventory, AuditEvent, InventoryFilePart, InventoryImport, InventoryPhone, RunState
from rollout.services import inventory_imports
from tests.support.inventory_imports import import_inventory, read_waiting

EXPORT = b"Device name,App version\nAda,1.9\n=Bob,1.9\nCleo,2.0\nDan,\n"
STATES = (
    b"Device name,App version,App status\nAda,1.9,Installed\nBob,2.0,Installed\nCleo,2.0,Not installed\n"
    b"Dan,2.0,Failed\nEve,2.0,Unknown\n"
)


def upload(client: Client, content: bytes, product: str = "confluence") -> Any:
    file = SimpleUploadedFile("phones.csv", content, "text/csv")
    return client.post(reverse("inventory_import"), {"product": product, "file": file})


def report(client: Client, content: bytes) -> str:
    """Upload a file, have it read, and return the text of its report."""
    path = upload(client, content)["Location"]
    read_waiting()
    return text(client.get(path))


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_it_works(administrator, client_of, site) -> None:
    client = client_of(administrator)
    path = upload(client, EXPORT)["Location"]
    assert "Waiting for a worker" in text(client.get(path))
    assert "Import for Confluence Data Center in progress: phones.csv" in text(client.get(reverse("inventories")))
    assert not AppInventory.objects.exists()
    read_waiting()
    assert not InventoryFilePart.objects.exists()
    assert "(2 too old, 1 of unknown version)" in text(client.get(path))
    assert "hx-get" not in client.get(f"{path}progress/").text
    page = client.get(reverse("inventories")).content.decode()
    assert "2 of 4 phones have an app older than 2.0" in page
    assert path in page
    assert "in progress" not in page
    assert "phones.csv" in page
    overview = client.get(reverse("overview")).content.decode()
    assert "2 of 4 phones run a Confluence Data Center app older than 2.0" in " ".join(overview.split())
    assert reverse("inventory_phones", args=["confluence"]) + "?age=too_old" in overview


def test_skipped_lines_are_listed(administrator, client_of) -> None:
    page = report(client_of(administrator), EXPORT + b",2.0\n")
    assert "Imported, 1 line skipped" in page
    assert "does not identify a phone" in page
    assert AppInventory.objects.get().phones == 4


def test_phones_with_and_without_the_app_are_told_apart(administrator, client_of) -> None:
    client = client_of(administrator)
    assert "(1 too old, 1 of unknown version)" in report(client, STATES)
    page = text(client.get(reverse("inventories")))
    assert "1 of 3 phones has an app older than 2.0" in page
    assert "2 more phones do not have the app" in page
    url = reverse("inventory_phones", args=["confluence"])
    shown = {
        age: [row.device for row in client.get(url, {"age": age}).context["listing"].rows]
        for age in ("too_old", "new", "unreadable", "not_installed")
    }
    assert shown == {"too_old": ["Ada"], "new": ["Bob"], "unreadable": ["Eve"], "not_installed": ["Cleo", "Dan"]}
    assert "Not installed" in client.get(url, {"q": "Cleo"}).content.decode().partition("<tbody>")[2]
    export = client.get(reverse("inventory_export", args=["confluence"]))
    lines = b"".join(export.streaming_content).decode().split("\r\n")
    assert lines[0].lstrip("\ufeff") == "device,app_version,too_old,installed"
    assert set(lines[1:]) >= {"Ada,1.9,yes,yes", "Cleo,,,no", "Eve,,unknown,yes"}


def test_unknown_install_states_are_named(administrator, client_of) -> None:
    page = report(client_of(administrator), b"Device name,App version,App status\nAda,2.0,Asennettu\n")
    assert "Imported, with unknown install states" in page
    assert "counts their phones as unknown: Asennettu." in page
    assert "Device name, App version, App status" in page


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty"),
        (b"\0\0\0\0", "The file is empty"),
        (b"PK\x03\x04workbook", "Excel workbook"),
        (b"Name,OS,Version\nA,iOS,18.3\n", "may be the system"),
        (b"serial,colour\n1,red\n", "Columns in the file: serial, colour."),
        (b"colour\nred\n", "No column contains the app version"),
        (b"serial,version\n\x81,1\n", "encoding is unknown"),
        (b"serial,app,version\n1,Mail,1\n", "Check these columns, or choose the other app: app."),
    ],
)
def test_an_unreadable_file_imports_nothing(administrator, client_of, content: bytes, message: str) -> None:
    page = report(client_of(administrator), content)
    assert "Nothing was imported" in page
    assert message in page
    assert not AppInventory.objects.exists()
    assert not InventoryFilePart.objects.exists()


@pytest.mark.parametrize("product", ["", "bamboo", "confluence\0"])
def test_an_unknown_product_is_rejected(administrator, client_of, product: str) -> None:
    assert upload(client_of(administrator), EXPORT, product).status_code == 422
    assert not AppInventory.objects.exists()


def test_phones_can_be_filtered_sorted_and_exported(auditor, administrator, client_of) -> None:
    import_inventory(administrator, EXPORT)
    client, url = client_of(auditor), reverse("inventory_phones", args=["confluence"])
    listing = client.get(url, {"age": "too_old", "sort": "-device"}).context["listing"]
    assert [row.device for row in listing.rows] == ["Ada", "=Bob"]
    assert [row.device for row in client.get(url, {"q": "cle 2.0"}).context["listing"].rows] == ["Cleo"]
    export = client.get(reverse("inventory_export", args=["confluence"]), {"age": "too_old"})
    text = b"".join(export.streaming_content).decode()
    assert "'=Bob,1.9,yes,yes" in text
    assert "Cleo" not in text


def test_without_an_import_there_is_no_list(administrator, client_of) -> None:
    client = client_of(administrator)
    for product in ("confluence", "bamboo"):
        assert client.get(reverse("inventory_phones", args=[product])).status_code == 404
    assert "No inventory yet" in client.get(reverse("inventories")).content.decode()


def test_site_owners_do_not_see_phones(alice, administrator, client_of, site) -> None:
    import_inventory(administrator, EXPORT)
    client = client_of(alice)
    assert client.get(reverse("inventories")).status_code == 404
    assert "app older than" not in client.get(reverse("overview")).content.decode()


def test_queries_do_not_grow_with_the_phones(auditor, administrator, client_of) -> None:
    client = client_of(auditor)
    counts = []
    for phones in (1, 400):
        import_inventory(
            administrator, b"serial,version\n" + b"".join(b"%d,1.%d\n" % (n, n % 90) for n in range(phones))
        )
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("inventories"))
            client.get(reverse("inventory_phones", args=["confluence"]))
        counts.append(len(queries))
    assert InventoryPhone.objects.count() == 400
    assert counts[1] <= counts[0] + 1


def test_a_file_waits_for_a_worker_and_is_read_once(administrator, client_of) -> None:
    upload(client_of(administrator), b"serial,version\n" + b"1,2.0\n" * 500_000)  # in several parts
    (pk,) = inventory_imports.waiting_imports()
    assert InventoryFilePart.objects.count() > 1
    InventoryImport.objects.update(state=RunState.RUNNING, lease_until=timezone.now() - timedelta(seconds=1))  # it died
    assert inventory_imports.waiting_imports() == [pk]
    assert inventory_imports.run_import(import_id=pk)
    assert not inventory_imports.run_import(import_id=pk)
    row = InventoryImport.objects.get()
    assert (row.state, row.found, row.report["repeated"]) == (RunState.DONE, 1, 499_999)
    assert AuditEvent.objects.get(action="inventory.imported").actor_name == str(administrator)


def test_a_lost_lease_imports_nothing_twice(administrator, monkeypatch) -> None:
    read = inventory_imports.inventories.read_file

    def read_slowly(file: Any, *, product: str) -> Any:
        InventoryImport.objects.update(lease_until=timezone.now() + timedelta(hours=1))  # another worker's
        return read(file, product=product)

    monkeypatch.setattr(inventory_imports.inventories, "read_file", read_slowly)
    import_inventory(administrator, EXPORT)
    assert InventoryImport.objects.get().state == RunState.RUNNING
    assert not AppInventory.objects.exists()
    assert InventoryFilePart.objects.exists()


def test_a_file_that_no_worker_reads_is_deleted_after_a_day(administrator, client_of) -> None:
    client = client_of(administrator)
    path = upload(client, EXPORT)["Location"]
    InventoryImport.objects.update(requested_at=timezone.now() - timedelta(hours=25))
    assert inventory_imports.waiting_imports() == []
    assert "No worker read the file within a day" in text(client.get(path))
    assert not InventoryFilePart.objects.exists()
