"""App versions on phones: administrators import them, auditors read them, and the overview shows them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.models import User
from rollout.models import AppInventory, InventoryPhone
from rollout.services import inventories

EXPORT = b"Device name,App version\nAda,1.9\n=Bob,1.9\nCleo,2.0\nDan,\n"
STATES = (
    b"Device name,App version,App status\nAda,1.9,Installed\nBob,2.0,Installed\nCleo,2.0,Not installed\n"
    b"Dan,2.0,Failed\nEve,2.0,Unknown\n"
)


def upload(client: Client, content: bytes, product: str = "confluence") -> Any:
    file = SimpleUploadedFile("phones.csv", content, "text/csv")
    return client.post(reverse("inventory_import"), {"product": product, "file": file})


def import_export(actor: User, content: bytes = EXPORT, product: str = "confluence") -> AppInventory:
    return inventories.import_inventory(actor=actor, product=product, file=io.BytesIO(content)).inventory


def test_it_works(administrator, client_of, site) -> None:
    client = client_of(administrator)
    answer = upload(client, EXPORT)
    assert (answer.status_code, answer["Location"]) == (302, reverse("inventories"))
    page = client.get(reverse("inventories")).content.decode()
    assert "2 of 4 phones have an app older than 2.0" in page
    assert "phones.csv" in page
    overview = client.get(reverse("overview")).content.decode()
    assert "2 of 4 phones run a Confluence Data Center app older than 2.0" in " ".join(overview.split())
    assert reverse("inventory_phones", args=["confluence"]) + "?age=too_old" in overview


def test_skipped_lines_are_listed(administrator, client_of) -> None:
    answer = upload(client_of(administrator), EXPORT + b",2.0\n")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Imported, 1 line skipped" in page
    assert "does not identify a phone" in page
    assert AppInventory.objects.get().phones == 4


def test_phones_with_and_without_the_app_are_told_apart(administrator, client_of) -> None:
    client = client_of(administrator)
    messages = " ".join(client.post(**_post(STATES), follow=True).content.decode().split())
    assert "3 phones with the app imported: 1 too old, 1 of unknown version." in messages
    assert "1 of 3 phones has an app older than 2.0" in messages
    assert "2 more phones do not have the app" in messages
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
    answer = upload(client_of(administrator), b"Device name,App version,App status\nAda,2.0,Asennettu\n")
    page = " ".join(answer.content.decode().split())
    assert answer.status_code == 200
    assert "Imported, with unknown install states" in page
    assert "counts their phones as unknown: Asennettu." in page
    assert "Device name, App version, App status" in page


def _post(content: bytes) -> dict[str, Any]:
    file = SimpleUploadedFile("phones.csv", content, "text/csv")
    return {"path": reverse("inventory_import"), "data": {"product": "confluence", "file": file}}


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
    answer = upload(client_of(administrator), content)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not AppInventory.objects.exists()


@pytest.mark.parametrize("product", ["", "bamboo", "confluence\0"])
def test_an_unknown_product_is_rejected(administrator, client_of, product: str) -> None:
    assert upload(client_of(administrator), EXPORT, product).status_code == 422
    assert not AppInventory.objects.exists()


def test_phones_can_be_filtered_sorted_and_exported(auditor, administrator, client_of) -> None:
    import_export(administrator)
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
    import_export(administrator)
    client = client_of(alice)
    assert client.get(reverse("inventories")).status_code == 404
    assert "app older than" not in client.get(reverse("overview")).content.decode()


def test_queries_do_not_grow_with_the_phones(auditor, administrator, client_of) -> None:
    client = client_of(auditor)
    counts = []
    for phones in (1, 400):
        import_export(administrator, b"serial,version\n" + b"".join(b"%d,1.%d\n" % (n, n % 90) for n in range(phones)))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("inventories"))
            client.get(reverse("inventory_phones", args=["confluence"]))
        counts.append(len(queries))
    assert InventoryPhone.objects.count() == 400
    assert counts[1] <= counts[0] + 1
