"""The style page, the switch of the theme, and a page that does not exist."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.models import User


def test_the_style_page_shows_everything_without_inline_code(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    page = client.get("/style/")
    html = page.content.decode()
    assert page.status_code == 200
    assert "Ready" in html
    assert "Danger zone" in html


def test_a_member_has_no_style_page(client: Client, member: User) -> None:
    client.force_login(member)
    assert client.get("/style/").status_code == 404


def test_a_page_that_is_not_there_says_what_next(client: Client, member: User) -> None:
    alone = client.get("/accounts/nothing-here/")
    assert alone.status_code in {302, 404}
    client.force_login(member)
    inside = client.get("/nothing-here/")
    assert inside.status_code == 404
    assert 'href="/me/passes/"' in inside.content.decode()


def test_the_theme_is_kept_in_a_cookie(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    answer = client.post("/theme/", {"theme": "dark", "next": "/style/?verdict=READY_MDM"})
    assert answer.headers["Location"] == "/style/?verdict=READY_MDM"
    assert 'data-theme="dark"' in client.get("/style/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil", ""])
def test_the_theme_switch_never_leads_away(client: Client, db: None, target: str) -> None:
    answer = client.post("/theme/", {"theme": "light", "next": target})
    assert answer.headers["Location"] == "/"


def test_an_unknown_theme_is_not_kept(client: Client, db: None) -> None:
    assert "theme" not in client.post("/theme/", {"theme": '"><script>'}).cookies


def test_the_theme_is_not_switched_by_a_link(client: Client, db: None) -> None:
    answer = client.get("/theme/?theme=dark")
    assert answer.headers["Location"] == "/"
    assert not answer.cookies
