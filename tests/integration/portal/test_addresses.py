"""The People page lists e-mail addresses for administrators only, and so does every other page and export."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.every_route import ROWS, World


def body_of(response: Any) -> str:
    if getattr(response, "streaming", False):
        return b"".join(response.streaming_content).decode()
    return str(response.content.decode(errors="replace"))


@pytest.mark.parametrize("role", ["member", "charlie", "alice"])
def test_no_page_has_the_address_of_a_person_one_has_nothing_to_do_with(world: World, role: str) -> None:
    for name in ROWS:
        if name in {"account_logout", "welcome"}:
            continue
        answer = world.clients[role].get(world.url(name))
        if answer.status_code == 200:
            assert "auditor@example.com" not in body_of(answer), name


def test_an_administrator_sees_it(world: World) -> None:
    for name in ("people", "pass_create"):
        assert "auditor@example.com" in body_of(world.clients["administrator"].get(world.url(name)))
