"""A pasted client ID: everything that is wrong with it, at once."""

from __future__ import annotations

import pytest

from rollout.services.client_ids import client_id_errors

REDIRECT = "confluence-server://oauth-callback"
VALID = [
    "abc123",
    "9be0d27714f84c06a3",
    "4b1f0c2d9a7e4d8fb3c6a5e2d1908f77",
    "secret-garden",  # a word, not a named value
    "WRITER",
    "a.b/c",
    "x" * 255,
    "!~",
]
WRONG = [
    ("", "Paste the client ID"),
    ("two words", "no spaces"),
    ("one\ntwo", "no spaces"),
    ("x" * 256, "at most 255"),
    ("ключ", "visible ASCII"),
    ("a\u200bb", "U+200B"),
    ("a\x00b", "U+0000"),
    ("“abc”", "“, ”"),
    ('"abc"', "quotation marks"),
    ("'abc',", "quotation marks"),
    (REDIRECT, "redirect URL"),
    (f"{REDIRECT}?code=1", "redirect URL"),
    ("https://wiki.example.com/plugins/servlet/applinks", "This is a URL"),
    ("wiki.example.com/plugins/servlet/applinks", "This is a URL"),
    ("client_secret=abc", "client secret"),
    ('{"clientSecret":"abc"}', "client secret"),
    ("WRITE", "permission"),
    ("your_clientID", "example"),
]


@pytest.mark.parametrize("client_id", VALID)
def test_it_works(client_id: str) -> None:
    assert client_id_errors(client_id, redirect_url=REDIRECT) == []


@pytest.mark.parametrize(("client_id", "reason"), WRONG)
def test_each_other_value_has_its_reason(client_id: str, reason: str) -> None:
    errors = client_id_errors(client_id, redirect_url=REDIRECT)
    assert len(errors) == 1
    assert reason in errors[0]


def test_all_reasons_are_returned_at_once() -> None:
    errors = client_id_errors("Client secret: “" + "x" * 250, redirect_url=REDIRECT)
    for part, error in zip(("no spaces", "“", "at most", "secret"), errors, strict=True):
        assert part in error


def test_the_value_of_a_secret_is_not_repeated() -> None:
    assert "hunter2" not in " ".join(client_id_errors("client secret = hunter2", redirect_url=REDIRECT))
