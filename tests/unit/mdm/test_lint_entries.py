"""The entries of a list: keys, types, titles, base URLs, client IDs, variables and secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rollout.mdm.variables import VENDORS
from tests.support.site_lists import OAUTH, SITE, SITES, checked, ids, sentences, sites_of


def text_of(*sites: Any) -> str:
    return json.dumps(sites, ensure_ascii=False, indent=1)


def with_oauth(**oauth: Any) -> dict[str, Any]:
    return {**SITE, "oauth": oauth}


@pytest.mark.parametrize(
    ("site", "finding", "repaired"),
    [
        ({"Title": "Wiki", "baseURL": SITE["baseURL"]}, "key-spelling", SITE),
        ({"title": "Wiki", "base_url": SITE["baseURL"]}, "key-spelling", SITE),
        ({"title": "Wiki", "url": SITE["baseURL"]}, "key-spelling", SITE),
        ({"name": "Wiki", "baseURL": SITE["baseURL"]}, "key-spelling", SITE),
        ({**SITE, "OAuth": OAUTH}, "key-spelling", SITES[0]),
        (with_oauth(clientId="c0ffee00", cacheSessionInMobileBrowser=False), "key-spelling", SITES[0]),
        (with_oauth(client_id="c0ffee00", cacheSessionInMobileBrowser=False), "key-spelling", SITES[0]),
        (with_oauth(clientID="c0ffee00", cacheSessionInMobilBrowser=False), "key-spelling", SITES[0]),
        ({**SITE, **OAUTH}, "key-misplaced", SITES[0]),
        (with_oauth(clientID="c0ffee00", cacheSessionInMobileBrowser="False"), "boolean-as-text", SITES[0]),
        (with_oauth(clientID="c0ffee00", cacheSessionInMobileBrowser=0), "wrong-type", SITES[0]),
        (with_oauth(**{**OAUTH, "clientID": 12345}), "wrong-type", with_oauth(**{**OAUTH, "clientID": "12345"})),
        (with_oauth(clientID=" c0ffee00", cacheSessionInMobileBrowser=False), "client-id-space", SITES[0]),
        ({**SITE, "oauth": None}, "wrong-type", SITE),
        ({**SITE, "title": "Wi\u202eki"}, "title-character", SITE),
        ({**SITE, "baseURL": " https://wiki.example.com"}, "base-url-space", SITE),
        ({**SITE, "baseURL": "https://wiki.\nexample.com"}, "base-url-line-break", SITE),
        ({**SITE, "baseURL": "[https://wiki.example.com](https://wiki.example.com)"}, "base-url-markup", SITE),
        ({**SITE, "baseURL": "<https://wiki.example.com>"}, "base-url-markup", SITE),
    ],
)  # fmt: skip
def test_a_fault_with_one_repair_is_repaired(site: Any, finding: str, repaired: Any) -> None:
    result = checked(text_of(site))
    assert set(ids(result)) == {finding}
    assert (result.readable, sites_of(result)) == (False, [repaired])


@pytest.mark.parametrize(
    ("site", "finding"),
    [
        ("https://wiki.example.com", "entry-not-object"),
        ([], "entry-not-object"),
        ({"baseURL": SITE["baseURL"]}, "missing-key"),
        ({"title": "Wiki"}, "missing-key"),
        (with_oauth(cacheSessionInMobileBrowser=False), "missing-key"),
        ({**SITE, "oauth": "c0ffee00"}, "wrong-type"),
        ({**SITE, "oauth": [OAUTH]}, "wrong-type"),
        ({**SITE, "title": None}, "wrong-type"),
        ({**SITE, "title": " "}, "title-empty"),
        ({**SITE, "title": "Wi\nki"}, "title-character"),
        (with_oauth(clientID="", cacheSessionInMobileBrowser=False), "client-id-empty"),
        (with_oauth(clientID="c0 ffee", cacheSessionInMobileBrowser=False), "client-id-character"),
        (with_oauth(clientID="jira-server://oauth-callback", cacheSessionInMobileBrowser=False), "client-id-redirect"),
        (with_oauth(clientID="c0ffee00", cacheSessionInMobileBrowser="maybe"), "wrong-type"),
        (with_oauth(clientID="c0ffee00", clientId="c0ffee01", cacheSessionInMobileBrowser=False), "duplicate-key"),
        ({**SITE, "baseURL": "wiki.example.com"}, "base-url-not-absolute"),
        ({**SITE, "baseURL": "/wiki"}, "base-url-not-absolute"),
        ({**SITE, "baseURL": "http://wiki.example.com"}, "base-url-http"),
        ({**SITE, "baseURL": "https://localhost:8090"}, "base-url-loopback"),
        ({**SITE, "baseURL": "https://wiki.example.com/?a=b"}, "base-url-query"),
    ],
)
def test_a_fault_with_several_repairs_is_not_repaired(site: Any, finding: str) -> None:
    result = checked(text_of(site))
    assert finding in ids(result)
    assert (result.readable, result.sites, result.repaired) == (False, None, None)


@pytest.mark.parametrize(
    ("site", "finding", "repaired"),
    [
        (with_oauth(clientID="c0ffee00"), "missing-flag", SITES[0]),
        ({**SITE, "color": {"a": [1.5, None, True]}}, "unknown-key", ...),
        (with_oauth(**OAUTH, scope="WRITE"), "unknown-key", ...),
        ({**SITE, "skipInfo": True}, "skip-info", ...),
        ({**SITE, "title": " Wiki"}, "title-space", SITE),
        ({**SITE, "title": "W" * 201}, "title-long", ...),
        ({**SITE, "title": "R&amp;amp;D"}, "html-entity", {**SITE, "title": "R&D"}),
        ({**SITE, "baseURL": "https://wiki.example.com/"}, "trailing-slash", SITE),
        ({**SITE, "baseURL": "HTTPS://Wiki.example.com:443"}, "base-url-spelling", SITE),
        ({**SITE, "baseURL": "https://wiki.example.com/wiki/login.action"}, "base-url-page", ...),
        ({**SITE, "baseURL": "https://confluence.example.com"}, "base-url-placeholder", ...),
        (with_oauth(clientID="your_clientID", cacheSessionInMobileBrowser=False), "client-id-placeholder", ...),
        (with_oauth(clientID="<client-ID>", cacheSessionInMobileBrowser=False), "client-id-placeholder", ...),
    ],
)  # fmt: skip
def test_a_doubt_leaves_the_list_usable(site: Any, finding: str, repaired: Any) -> None:
    result = checked(text_of(site))
    assert ids(result) == [finding]
    assert result.readable
    assert sites_of(result) == [site if repaired is ... else repaired]


def test_a_page_is_named_with_the_address_that_is_probably_meant() -> None:
    text = sentences(checked(text_of({**SITE, "baseURL": "https://wiki.example.com/wiki/login.action"})))
    assert "/login.action" in text
    assert "https://wiki.example.com/wiki if that is the site" in text


def test_the_same_site_twice() -> None:
    assert sites_of(checked(text_of(SITE, SITE))) == [SITE]
    result = checked(text_of(SITE, {"title": "Other", "baseURL": "https://wiki.example.com/"}))
    assert (result.findings[0].id, result.findings[0].entry, result.sites) == ("duplicate-site", 2, None)


@pytest.mark.parametrize(
    "site",
    [
        {**SITE, "client_secret": "hunter22"},
        {**SITE, "password": "hunter22"},
        with_oauth(**OAUTH, token="hunter22"),
        with_oauth(**OAUTH, clientSecret={"value": "hunter22"}),
        {**SITE, "extra": {"api-key": "hunter22"}},
    ],
)
def test_a_secret_is_removed_and_never_shown(site: Any) -> None:
    result = checked(text_of(site))
    assert "secret" in ids(result)
    assert not result.readable
    assert "hunter22" not in json.dumps(result.as_json())
    assert "hunter22" not in result.before
    assert "•••" in result.before


def test_a_password_in_an_address_is_never_shown() -> None:
    result = checked(text_of({**SITE, "baseURL": "https://admin:hunter22@wiki.example.com/login.action"}))
    assert "base-url-user-info" in ids(result)
    assert "hunter22" not in json.dumps(result.as_json()) + result.before


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=lambda vendor: vendor.id)
def test_any_mdm_means_the_variables_of_all(vendor: Any) -> None:
    result = checked(text_of({**SITE, "title": f"Wiki {vendor.example}"}))
    values = [finding.values for finding in result.findings if finding.id == "vendor-variable"]
    assert any(vendor.name in value["vendor"] for value in values)
    assert result.readable


@pytest.mark.parametrize(
    ("format_id", "title", "expected"),
    [
        ("intune-xml", "{{UserPrincipalName}}", True),
        ("intune-xml", "{mail} $EMAIL %Email%", False),
        ("plist-dict", "$SERIALNUMBER", True),
        ("plist-dict", "$email {{mail}} 5 $", False),
        ("plist-file", "$EMAIL$ ${userDN}", True),
        ("plist-file", "$EMAIL", False),
    ],
)
def test_only_variables_of_the_chosen_mdm_count(format_id: str, title: str, expected: bool) -> None:
    assert ids(checked(text_of({**SITE, "title": title}), format_id)) == ["vendor-variable"] * expected


def test_an_escaped_variable_is_none() -> None:
    text = text_of({**SITE, "title": "§mail"}).replace("§", "\\u007b\\u007b") + " "
    assert ids(checked(text, "intune-xml")) == []


@pytest.mark.parametrize("title", ["a}} b", "a {{ b"])
def test_adjacent_braces_in_a_title_count_for_intune(title: str) -> None:
    text = text_of({**SITE, "title": title})
    assert ids(checked(text, "intune-xml")) == ["adjacent-braces"]
    assert ids(checked(text, "plist-dict")) == []


def test_percent_escapes_of_an_address_are_no_variables() -> None:
    assert ids(checked(text_of({**SITE, "baseURL": "https://wiki.example.com/a%C3%A9b%C3%A9"}))) == []
