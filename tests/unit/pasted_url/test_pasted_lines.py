"""Pasted text is split into addresses."""

from __future__ import annotations

import pytest

from rollout.pasted_url.pasted_lines import split_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        (" \n\t\n;,\n", []),
        ("a.example.com", ["a.example.com"]),
        ("a.example.com\r\n\r\n  b.example.com  \n", ["a.example.com", "b.example.com"]),
        ("https://a.example.com, https://b.example.com;", ["https://a.example.com", "https://b.example.com"]),
        ("https://a.example.com https://b.example.com", ["https://a.example.com", "https://b.example.com"]),
        ("https://a.example.com\thttp:/b.example.com", ["https://a.example.com", "http:/b.example.com"]),
        # One address, with another one in its query, or with words in front of it.
        ("https://a.example.com/?u=https://b.example.com", ["https://a.example.com/?u=https://b.example.com"]),
        ("Our wiki: https://a.example.com", ["Our wiki: https://a.example.com"]),
        ("htps://a.example.com", ["htps://a.example.com"]),
    ],
)
def test_lines(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines
