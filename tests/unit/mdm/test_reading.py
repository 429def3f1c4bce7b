"""The strict parser of stored releases: entries, or one error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.mdm.site_list import SiteEntry, SiteListError, parse_site_list

OAUTH = {"clientID": "abc", "cacheSessionInMobileBrowser": False}


def site_list(**changes: Any) -> str:
    return json.dumps([{"title": "A", "baseURL": "https://a.example.com", **changes}])


def test_it_works() -> None:
    text = site_list(oauth={"clientID": "abc", "cacheSessionInMobileBrowser": True})
    assert parse_site_list(text) == (SiteEntry("A", "https://a.example.com", "abc", True),)
    assert parse_site_list("\ufeff" + site_list(skipInfo=True)) == (
        SiteEntry("A", "https://a.example.com", skip_info=True),
    )


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("", "not-a-site-list", ""),
        ("[{", "not-a-site-list", ""),
        ("[]", "not-a-site-list", ""),
        ("{}", "not-a-site-list", ""),
        ("[NaN]", "not-a-site-list", ""),
        ('[{"title": "A", "title": "B"}]', "not-a-site-list", ""),
        ("[" * 100_000, "not-a-site-list", ""),
        ("[" + "1" * 5000 + "]", "not-a-site-list", ""),
        ("[1]", "not-a-site-list", "[0]"),
        ('[{"title": "A"}]', "not-a-site-list", "[0]"),
        (site_list(color="red"), "not-a-site-list", "[0]"),
        (site_list(clientSecret="hunter22"), "not-a-site-list", "[0]"),
        (site_list(title=1), "not-a-site-list", "[0].title"),
        (site_list(skipInfo="true"), "not-a-site-list", "[0].skipInfo"),
        (site_list(oauth=None), "not-a-site-list", "[0].oauth"),
        (site_list(oauth={"clientID": "abc"}), "not-a-site-list", "[0].oauth"),
        (site_list(oauth=OAUTH | {"scope": "WRITE"}), "not-a-site-list", "[0].oauth"),
        (
            site_list(oauth=OAUTH | {"cacheSessionInMobileBrowser": 0}),
            "not-a-site-list",
            "[0].oauth.cacheSessionInMobileBrowser",
        ),
        (site_list(title="a\u0000"), "title-character", "[0].title"),
        (site_list(oauth=OAUTH | {"clientID": ""}), "client-id-empty", "[0].oauth.clientID"),
        (site_list(baseURL="http://a.example.com"), "base-url-http", "[0].baseURL"),
    ],
)
def test_the_error_has_a_code_and_a_position(text: str, code: str, where: str) -> None:
    with pytest.raises(SiteListError) as refused:
        parse_site_list(text)
    assert (refused.value.code, refused.value.where) == (code, where)
    assert "hunter22" not in str(refused.value)


def test_a_duplicate_site_is_rejected() -> None:
    site = {"title": "A", "baseURL": "https://a.example.com/wiki"}
    with pytest.raises(SiteListError) as refused:
        parse_site_list(json.dumps([site, {"title": "B", "baseURL": "https://A.example.com/wiki/"}]))
    assert (refused.value.code, refused.value.where) == ("duplicate-site", "[1].baseURL")


@given(st.text(max_size=200) | st.text("[]{}\",:\\ &;“”'ab1", max_size=60))
def test_any_text_gives_entries_or_one_error(text: str) -> None:
    try:
        outcome: object = parse_site_list(text)
    except SiteListError as error:
        outcome = str(error).encode()
    assert outcome
