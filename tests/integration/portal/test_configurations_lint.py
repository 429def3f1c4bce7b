"""Checking a pasted site list: problems with their position; the input stays on the page."""

from __future__ import annotations

from typing import Any

import pytest

from portal.forms.configurations import MAX_SITE_LIST_LENGTH
from portal.models import User

LINT = "/configurations/lint/"
GOOD = '[ { "title": "Wiki", "baseURL": "https://wiki.example.com", "oauth": { "clientID": "abc", "cacheSessionInMobileBrowser": false } } ]'  # noqa: E501


def test_it_works(client_of: Any, alice: User) -> None:
    page = client_of(alice).post(LINT, {"text": GOOD, "format": "intune-xml"}).content.decode()
    assert "The app can read this list: one site, 1 with OAuth 2.0" in page
    assert "https://wiki.example.com" in page


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ('[{"title": "A",}]', "comma before a closing bracket", "line 1"),
        ('[\n  {"title": “A”}]', "typographic quotes", "line 2, column 13"),
        ('{"title": "A", "baseURL": "https://a.example.com"}', "single object", ""),
        ('[{"title": "A", "baseUrl": "https://a.example.com"}]', "must be spelled baseURL", "[0]"),
        ('[{"title": "A", "baseURL": "http://a.example.com"}]', "OAuth 2.0 requires HTTPS", "[0].baseURL"),
        ('[{"title": "A", "baseURL": "https://a.example.com", "clientSecret": "x"}]', "contains a secret", "[0]"),
        ("<dict><key>sites</key></dict>", "This is XML", "line 1"),
        ("[]", "The list contains no sites", ""),
        ("[" * 5000, "This JSON is not a site list", ""),
        ('[{"title": "\\ud800", "baseURL": "https://a.example.com"}]', "invisible character", "[0].title"),
    ],
)
def test_a_problem_is_shown_with_its_position(client_of: Any, alice: User, text: str, words: str, place: str) -> None:
    response = client_of(alice).post(LINT, {"text": text, "format": "json"})
    page = response.content.decode()
    assert response.status_code == 200
    assert words in page.replace("&#x27;", "'")
    assert place in page
    assert "The app cannot read this list" in page


def test_the_wrong_character_is_marked(client_of: Any, alice: User) -> None:
    page = client_of(alice).post(LINT, {"text": "[\r\n{\"title\": 'A'}]", "format": "json"}).content.decode()
    assert "<mark>&#x27;</mark>" in page


def test_what_the_mdm_would_replace_is_a_warning(client_of: Any, alice: User) -> None:
    touching = GOOD.replace("} }", "}}")
    page = client_of(alice).post(LINT, {"text": touching, "format": "intune-xml"}).content.decode()
    assert "Two adjacent braces" in page
    assert "The app can read this list" in page


def test_a_secret_is_shown_only_in_the_input(client_of: Any, alice: User) -> None:
    text = '[{"title": "A", "baseURL": "https://a.example.com", "client_secret": "hunter2hunter2"}]'
    page = client_of(alice).post(LINT, {"text": text, "format": "json"}).content.decode()
    assert page.count("hunter2hunter2") == 1  # in the text field


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "", "format": "json"},
        {"text": "[]", "format": "nope"},
        {"text": "a\x00b", "format": "json"},
        {"text": "x" * (MAX_SITE_LIST_LENGTH + 1), "format": "json"},
        {"text": "[]"},
    ],
    ids=["nothing", "empty", "format", "null", "too long", "no format"],
)
def test_invalid_input_is_rejected_and_stays_in_the_form(client_of: Any, alice: User, data: dict[str, str]) -> None:
    response = client_of(alice).post(LINT, data)
    assert response.status_code == 422
    if data.get("text") == "[]":
        assert ">\n[]</textarea>" in response.content.decode()
