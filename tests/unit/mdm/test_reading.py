from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.mdm.site_list import SiteEntry, SiteListError, parse_site_list

OAUTH = {"clientID": "abc", "cacheSessionInMobileBrowser": False}


def listed(**changes: Any) -> str:
    return json.dumps([{"title": "A", "baseURL": "https://a.example.com", **changes}])


def refusal(text: str) -> SiteListError:
    with pytest.raises(SiteListError) as refused:
        parse_site_list(text)
    assert str(refused.value)
    str(refused.value).encode()
    return refused.value


def test_it_works() -> None:
    text = listed(oauth={"clientID": "abc", "cacheSessionInMobileBrowser": True})
    assert parse_site_list(text) == (SiteEntry("A", "https://a.example.com", "abc", True),)


def test_minified_json_is_a_valid_list() -> None:
    assert parse_site_list(json.dumps(json.loads(listed(oauth=OAUTH)), separators=(",", ":")))


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse_site_list("\ufeff" + listed())


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
        (json.dumps(listed()), "double-encoded", ""),
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
        (listed(title=1), "wrong-type", "[0].title"),
        (listed(title=None), "wrong-type", "[0].title"),
        (listed(title="a\u0000"), "title-character", "[0].title"),
        (listed(baseUrl="x"), "key-spelling", "[0]"),
        (listed(colour="red"), "unknown-key", "[0]"),
        (listed(clientID="abc"), "misplaced-key", "[0]"),
        (listed(baseURL="http://a.example.com"), "base-url-http", "[0].baseURL"),
        (listed(baseURL="/wiki"), "base-url-not-absolute", "[0].baseURL"),
        (listed(baseURL="javascript:alert(1)"), "base-url-not-absolute", "[0].baseURL"),
        (listed(baseURL="https://a.example.com?x"), "base-url-query", "[0].baseURL"),
        (listed(oauth=None), "wrong-type", "[0].oauth"),
        (listed(oauth="abc"), "wrong-type", "[0].oauth"),
        (listed(oauth={}), "missing-key", "[0].oauth"),
        (listed(oauth={"clientID": "abc"}), "missing-key", "[0].oauth"),
        (listed(oauth={"clientId": "abc", "cacheSessionInMobileBrowser": False}), "key-spelling", "[0].oauth"),
        (listed(oauth={"client_id": "abc", "cacheSessionInMobileBrowser": False}), "key-spelling", "[0].oauth"),
        (listed(oauth=OAUTH | {"clientID": 5}), "wrong-type", "[0].oauth.clientID"),
        (listed(oauth=OAUTH | {"clientID": ""}), "client-id-empty", "[0].oauth.clientID"),
        (
            listed(oauth=OAUTH | {"cacheSessionInMobileBrowser": "false"}),
            "boolean-as-string",
            "[0].oauth.cacheSessionInMobileBrowser",
        ),
        (
            listed(oauth=OAUTH | {"cacheSessionInMobileBrowser": 0}),
            "wrong-type",
            "[0].oauth.cacheSessionInMobileBrowser",
        ),
        (listed(title="{{userprincipalname}}"), "vendor-variable", ""),
        (listed(title="Wiki of $USERNAME"), "vendor-variable", ""),
        (listed(oauth=OAUTH | {"clientID": "$EMAIL$"}), "vendor-variable", ""),
        (listed(baseURL="https://{EmailDomain}/wiki"), "vendor-variable", ""),
    ],
)
def test_it_is_refused(text: str, code: str, where: str) -> None:
    refused = refusal(text)
    assert (refused.code, refused.where) == (code, where)


def test_a_site_that_is_there_twice_is_refused() -> None:
    site = {"title": "A", "baseURL": "https://a.example.com/wiki"}
    refused = refusal(json.dumps([site, {"title": "B", "baseURL": "https://A.example.com/wiki/"}]))
    assert (refused.code, refused.where) == ("duplicate-site", "[1].baseURL")


@pytest.mark.parametrize("key", ["clientSecret", "client_secret", "secret", "Password", "refresh_token"])
@pytest.mark.parametrize("inside", [True, False])
def test_a_secret_is_refused_and_never_repeated(key: str, inside: bool) -> None:
    secret = {key: "hunter2-hunter2"}
    refused = refusal(listed(oauth=OAUTH | secret) if inside else listed(**secret))
    assert refused.code == "secret"
    assert refused.where.endswith(f".{key}")
    assert "hunter2" not in str(refused)


def test_a_secret_is_noticed_in_a_single_object_too() -> None:
    assert refusal('{"title": "A", "clientSecret": "x"}').code == "secret"


def test_typographic_quotes_inside_a_title_are_fine() -> None:
    assert parse_site_list(
        json.dumps([{"title": "The “Wiki”", "baseURL": "https://a.example.com"}], ensure_ascii=False)
    )


def test_typographic_quotes_inside_a_title_are_not_blamed_for_another_mistake() -> None:
    assert refusal('[{"title": "The “Wiki” here", "baseURL" "x"}]').code == "not-json"


def test_a_key_is_made_fit_to_show() -> None:
    refused = refusal('[{"\\ud800%(x)s\\n": 1}]')
    assert refused.values["found"] == "\ufffd%(x)s\ufffd"


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
def test_whatever_is_pasted_gives_entries_or_one_clear_error(text: str) -> None:
    try:
        outcome: object = parse_site_list(text)
    except SiteListError as refused:
        outcome = str(refused).encode()
    assert outcome
