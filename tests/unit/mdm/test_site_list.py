from __future__ import annotations

import json
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.mdm.site_list import SiteEntry, SiteListError, build_site_list, parse_site_list, prettify, pretty_site_list
from rollout.mdm.vendor_formats import FORMATS

PAGE = (
    '[ { "title": "My Confluence Site", "baseURL": "https://confluence.example.com", "oauth":'
    ' { "clientID": "your_clientID", "cacheSessionInMobileBrowser": false } } ]'
)


def test_it_works() -> None:
    entry = SiteEntry("My Confluence Site", "https://confluence.example.com", "your_clientID")
    assert build_site_list([entry]) == PAGE
    assert parse_site_list(PAGE) == (entry,)


def test_it_equals_the_example_of_atlassian() -> None:
    page = [
        {
            "title": "My Confluence Site",
            "baseURL": "https://confluence.example.com",
            "oauth": {"clientID": "your_clientID", "cacheSessionInMobileBrowser": False},
        }
    ]
    assert json.loads(PAGE) == page


def test_a_site_without_client_id_has_no_oauth_part() -> None:
    text = build_site_list([SiteEntry("Plain", "https://a.example.com", None, True)])
    assert text == '[ { "title": "Plain", "baseURL": "https://a.example.com" } ]'


def test_non_ascii_letters_are_not_escaped() -> None:
    assert "Zürich 東京" in build_site_list([SiteEntry("Zürich 東京", "https://a.example.com")])


def test_variables_of_mdm_vendors_are_escaped() -> None:
    entry = SiteEntry("{{mail}} $EMAIL ${x}", "https://a.example.com", "{id}")
    text = build_site_list([entry])
    assert "$" not in text
    assert "{{" not in text
    assert "}}" not in text
    assert "\\u007b\\u007bmail\\u007d\\u007d \\u0024EMAIL" in text
    assert parse_site_list(text) == (entry,)


def test_base_urls_come_out_canonical() -> None:
    text = build_site_list([SiteEntry("A", "https://A.Example.com:443/wiki/")])
    assert json.loads(text)[0]["baseURL"] == "https://a.example.com/wiki"


def test_loopback_sites_are_built_and_parsed_only_if_allowed() -> None:
    text = build_site_list([SiteEntry("Demo", "http://127.0.0.1:8001/at/demo")])
    assert parse_site_list(text, allow_loopback_http=True)[0].base_url == "http://127.0.0.1:8001/at/demo"
    with pytest.raises(SiteListError):
        parse_site_list(text)


def test_the_indented_list_has_the_same_content(entries: tuple[SiteEntry, ...]) -> None:
    pretty = pretty_site_list(entries)
    assert json.loads(pretty) == json.loads(build_site_list(entries))
    assert pretty == prettify(build_site_list(entries))
    assert pretty.splitlines()[1:3] == ["  {", '    "title": "My Confluence Site",']


def test_the_input_may_be_a_generator() -> None:
    assert build_site_list(entry for entry in [SiteEntry("A", "https://a.example.com")])


GOOD = SiteEntry("A", "https://a.example.com", "abc")


@pytest.mark.parametrize(
    ("entries", "code", "where"),
    [
        ([], "empty-list", ""),
        ([GOOD, replace(GOOD, title="B")], "duplicate-site", "[1].baseURL"),
        ([GOOD, replace(GOOD, base_url="https://A.example.com:443/")], "duplicate-site", "[1].baseURL"),
        ([replace(GOOD, title="")], "title-empty", "[0].title"),
        ([replace(GOOD, title=" \u00a0")], "title-empty", "[0].title"),
        ([replace(GOOD, title="x" * 201)], "title-too-long", "[0].title"),
        ([replace(GOOD, title="a\nb")], "title-character", "[0].title"),
        ([replace(GOOD, title="a\0b")], "title-character", "[0].title"),
        ([replace(GOOD, title="a\ud800")], "title-character", "[0].title"),
        ([replace(GOOD, title="a\uffff")], "title-character", "[0].title"),
        ([replace(GOOD, title="abc\u202egpj")], "title-character", "[0].title"),
        ([replace(GOOD, base_url="http://a.example.com")], "base-url-http", "[0].baseURL"),
        ([replace(GOOD, base_url="a.example.com")], "base-url-not-absolute", "[0].baseURL"),
        ([replace(GOOD, base_url="https://u:p@a.example.com")], "base-url-user-info", "[0].baseURL"),
        ([replace(GOOD, base_url="https://a.example.com/%zz")], "base-url-percent-escape", "[0].baseURL"),
        ([replace(GOOD, client_id="")], "client-id-empty", "[0].oauth.clientID"),
        ([replace(GOOD, client_id="a b")], "client-id-character", "[0].oauth.clientID"),
        ([replace(GOOD, client_id="ä")], "client-id-character", "[0].oauth.clientID"),
        ([replace(GOOD, client_id="x" * 256)], "client-id-character", "[0].oauth.clientID"),
    ],
)
def test_invalid_entries_are_rejected(entries: list[SiteEntry], code: str, where: str) -> None:
    with pytest.raises(SiteListError) as caught:
        build_site_list(entries)
    assert (caught.value.code, caught.value.where) == (code, where)
    assert str(caught.value)


_hosts = st.lists(
    st.text(string.ascii_lowercase, min_size=1, max_size=8).map(lambda name: f"https://{name}.example.com"),
    unique=True,
    min_size=1,
    max_size=4,
)
_paths = st.text(string.ascii_letters + string.digits + "$-_~", max_size=6).map(lambda name: f"/{name}" if name else "")
_titles = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Cn"]), min_size=1, max_size=30),
    st.text("{}$\"\\u007b. a%&<>'", min_size=1, max_size=20),
).filter(str.strip)
_client_ids = st.none() | st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)


@st.composite
def _lists(draw: st.DrawFn) -> tuple[SiteEntry, ...]:
    entries = []
    for host in draw(_hosts):
        client_id = draw(_client_ids)
        cache = draw(st.booleans()) if client_id is not None else False
        entries.append(SiteEntry(draw(_titles), host + draw(_paths), client_id, cache))
    return tuple(entries)


@given(_lists())
def test_any_list_can_be_parsed_and_has_no_adjacent_braces(entries: tuple[SiteEntry, ...]) -> None:
    text = build_site_list(entries)
    assert parse_site_list(text) == entries
    assert parse_site_list(pretty_site_list(entries)) == entries
    assert "\n" not in text
    for written in (text, *(entry.build(text) for entry in FORMATS.values())):
        assert "{{" not in written
        assert "}}" not in written
