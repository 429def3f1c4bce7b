"""A body over its limit is refused by its length, before any of it is read."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve

from oauth_provider.endpoints.machine_view import MachineView
from portal.pages import body_limits
from portal.pages.body_limits import MIB
from tests.support.every_route import ROLES, ROWS, World

FORM = "application/x-www-form-urlencoded"


class Unread:
    """A body that must not be read."""

    def read(self, *_size: int) -> bytes:
        raise AssertionError("read")

    readline = read


def send(client: Client, path: str, length: int, content_type: str = FORM) -> Any:
    return client.generic(
        "POST", path, **{"wsgi.input": Unread(), "CONTENT_LENGTH": str(length), "CONTENT_TYPE": content_type}
    )


def test_no_route_reads_more_than_one_mib_of_a_stranger(world: World) -> None:
    for name in ROWS:
        path = world.url(name)
        answer = send(world.clients["anonymous"], path, MIB + 1)
        refused = {405, 413} if isinstance(resolve(path).func, MachineView) else {413}
        assert answer.status_code in refused, name


def test_the_page_says_what_to_do(client: Client, db: None) -> None:
    answer = send(client, "/accounts/login/", MIB + 1)
    assert answer.status_code == 413
    assert "larger than 1 MiB" in answer.text
    assert "sign in first" in answer.text


@pytest.mark.parametrize("role", ROLES[1:])
def test_signed_in_people_send_forms_of_four_mib(world: World, role: str) -> None:
    client, limit = world.clients[role], settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert send(client, "/theme/", limit + 1).status_code == 413
    assert client.post("/theme/", b"theme=dark&x=".ljust(limit, b"x"), content_type=FORM).status_code == 302


@pytest.mark.parametrize("role", ROLES[1:])
def test_only_administrators_upload_inventories(world: World, role: str) -> None:
    client, path = world.clients[role], "/app-versions/import/"
    largest = body_limits.UPLOAD_LIMITS["inventory_import"]
    assert send(client, path, largest + 1).status_code == 413
    assert send(client, "/sites/import/", 5 * MIB).status_code == 413
    if role == "administrator":
        with pytest.raises(AssertionError, match="read"):
            send(client, path, largest, "multipart/form-data; boundary=x")
    else:
        assert send(client, path, 5 * MIB).status_code == 413
