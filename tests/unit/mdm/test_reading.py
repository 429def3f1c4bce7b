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


def parse_error(text: str) -> SiteListError:
    with pytest.raises(SiteListError) as caught:
        parse_site_list(text)
    assert str(caught.value)
    str(caught.value).encode()
    return caught.value


def test_it_works() -> None:
    text = site_list(oauth={"clientID": "abc", "cacheSessionInMobileBrowser": True})
    assert parse_site_list(text) == (SiteEntry("A", "https://a.example.com", "abc", True),)


def test_minified_json_is_a_valid_list() -> None:
    assert parse_site_list(json.dumps(json.loads(site_list(oauth=OAUTH)), separators=(",", ":")))


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse_site_list("\ufeff" + site_list())


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("", "empty", ""),
        ("  \n", "empty", ""),
        ("[{", "not-json", "line 1, column 3"),
        ('[\n {"title": "A"\n "baseURL": "x"}]', "not-json", "line 3, column 2"),
        ("[{“title”: “A”}]", "smart-quotes", "line 1, column 3"),
        ('[{"title”: "A"}]', "smart-quotes", "line 1, column 13"),
        ("[{'title': 'A'}]", "single-quotes", "line 1, column 3"),
        ("[{&quot;title&quot;: 1}]", "html-escaped", "line 1, column 3"),
        ('[{"title": "A",}]', "trailing-comma", "line 1, column 16"),
        ('[{"title": "A"}, ]', "trailing-comma", "line 1, column 18"),
        ("<dict><key>sites</key></dict>", "xml", "line 1, column 1"),
        ('{"title": "A"}, {"title": "B"}', "not-an-array", "line 1, column 15"),
        ('{"title": "A", "baseURL": "https://a.example.com"}', "single-object", ""),
        ('{"sites": []}', "wrapped", ""),
        (json.dumps(site_list()), "double-encoded", ""),
        ("12", "not-an-array", ""),
        ("null", "not-an-array", ""),
        ("[]", "empty-list", ""),
        ("[1]", "wrong-type", "[0]"),
        ("[null]", "wrong-type", "[0]"),
        ("[NaN]", "not-a-number", ""),
        ("[-Infinity]", "not-a-number", ""),
        ('[{"title": "A", "title": "B"}]', "duplicate-key", ""),
        ("[" * 100_000, "not-a-site-list", ""),
        ("[" + "1" * 5000 + "]", "not-a-site-list", ""),
        ("[" * 400 + "]" * 400, "wrong-type", "[0]"),
        (" " * 8_388_609, "too-long", ""),
        ('[{"title": "A"}]', "missing-key", "[0]"),
        ('[{"baseURL": "https://a.example.com"}]', "missing-key", "[0]"),
        ('[{"\\ud800": 1}]', "unknown-key", "[0]"),
        (site_list(title=1), "wrong-type", "[0].title"),
        (site_list(title=None), "wrong-type", "[0].title"),
        (site_list(title="a\u0000"), "title-character", "[0].title"),
        (site_list(baseUrl="x"), "key-spelling", "[0]"),
        (site_list(colour="red"), "unknown-key", "[0]"),
        (site_list(clientID="abc"), "misplaced-key", "[0]"),
        (site_list(baseURL="http://a.example.com"), "base-url-http", "[0].baseURL"),
        (site_list(baseURL="/wiki"), "base-url-not-absolute", "[0].baseURL"),
        (site_list(baseURL="javascript:alert(1)"), "base-url-not-absolute", "[0].baseURL"),
        (site_list(baseURL="https://a.example.com?x"), "base-url-query", "[0].baseURL"),
        (site_list(oauth=None), "wrong-type", "[0].oauth"),
        (site_list(oauth="abc"), "wrong-type", "[0].oauth"),
        (site_list(oauth={}), "missing-key", "[0].oauth"),
        (site_list(oauth={"clientID": "abc"}), "missing-key", "[0].oauth"),
        (site_list(oauth={"clientId": "abc", "cacheSessionInMobileBrowser": False}), "key-spelling", "[0].oauth"),
        (site_list(oauth={"client_id": "abc", "cacheSessionInMobileBrowser": False}), "key-spelling", "[0].oauth"),
        (site_list(oauth=OAUTH | {"clientID": 5}), "wrong-type", "[0].oauth.clientID"),
        (site_list(oauth=OAUTH | {"clientID": ""}), "client-id-empty", "[0].oauth.clientID"),
        (
            site_list(oauth=OAUTH | {"cacheSessionInMobileBrowser": "false"}),
            "boolean-as-string",
            "[0].oauth.cacheSessionInMobileBrowser",
        ),
        (
            site_list(oauth=OAUTH | {"cacheSessionInMobileBrowser": 0}),
            "wrong-type",
            "[0].oauth.cacheSessionInMobileBrowser",
        ),
        (site_list(title="{{userprincipalname}}"), "vendor-variable", ""),
        (site_list(title="Wiki of $USERNAME"), "vendor-variable", ""),
        (site_list(oauth=OAUTH | {"clientID": "$EMAIL$"}), "vendor-variable", ""),
        (site_list(baseURL="https://{EmailDomain}/wiki"), "vendor-variable", ""),
    ],
)
def test_the_error_has_a_code_and_a_position(text: str, code: str, where: str) -> None:
    error = parse_error(text)
    assert (error.code, error.where) == (code, where)


def test_a_duplicate_site_is_rejected() -> None:
    site = {"title": "A", "baseURL": "https://a.example.com/wiki"}
    error = parse_error(json.dumps([site, {"title": "B", "baseURL": "https://A.example.com/wiki/"}]))
    assert (error.code, error.where) == ("duplicate-site", "[1].baseURL")


@pytest.mark.parametrize("key", ["clientSecret", "client_secret", "secret", "Password", "refresh_token"])
@pytest.mark.parametrize("inside", [True, False])
def test_a_secret_is_rejected_and_its_value_not_shown(key: str, inside: bool) -> None:
    secret = {key: "hunter2-hunter2"}
    error = parse_error(site_list(oauth=OAUTH | secret) if inside else site_list(**secret))
    assert error.code == "secret"
    assert error.where.endswith(f".{key}")
    assert "hunter2" not in str(error)


def test_a_secret_in_a_single_object_is_rejected() -> None:
    assert parse_error('{"title": "A", "clientSecret": "x"}').code == "secret"


def test_typographic_quotes_inside_a_title_are_allowed() -> None:
    assert parse_site_list(
        json.dumps([{"title": "The “Wiki”", "baseURL": "https://a.example.com"}], ensure_ascii=False)
    )


def test_typographic_quotes_inside_a_title_do_not_hide_another_error() -> None:
    assert parse_error('[{"title": "The “Wiki” here", "baseURL" "x"}]').code == "not-json"


def test_a_key_is_shown_without_unprintable_characters() -> None:
    error = parse_error('[{"\\ud800%(x)s\\n": 1}]')
    assert error.values["found"] == "\ufffd%(x)s\ufffd"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["title", "baseURL", "oauth", "clientID", "cacheSessionInMobileBrowser", "%"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
)


@given(st.text(max_size=200) | st.text("[]{}\",:\\ &;“”'ab1", max_size=60) | _json.map(json.dumps))
def test_any_text_gives_entries_or_one_error(text: str) -> None:
    try:
        outcome: object = parse_site_list(text)
    except SiteListError as error:
        outcome = str(error).encode()
    assert outcome
