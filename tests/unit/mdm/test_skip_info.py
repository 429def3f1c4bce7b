"""``skipInfo`` of an existing list is read, kept where it stood, and mentioned."""

from __future__ import annotations

import json

import pytest

from rollout.mdm.lint import Severity, lint
from rollout.mdm.reading import parse_site_list
from rollout.mdm.site_entry import SiteListError
from rollout.mdm.site_list import build_site_list

SITE = {"title": "Wiki", "baseURL": "https://wiki.example.com"}
OAUTH = {"clientID": "abc", "cacheSessionInMobileBrowser": False}


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("more", [{}, {"oauth": OAUTH}])
def test_it_is_kept(value, more) -> None:
    text = json.dumps([{**SITE, "skipInfo": value, **more}, SITE | {"baseURL": "https://other.example.com"}])
    built = json.loads(build_site_list(parse_site_list(text)))
    assert built[0] == {**SITE, "skipInfo": value, **more}
    assert "skipInfo" not in built[1]


def test_it_is_mentioned_without_a_warning() -> None:
    text = '[ { "title": "Wiki", "baseURL": "https://wiki.example.com", "skipInfo": true } ]'
    assert [(finding.code, finding.severity) for finding in lint(text, "json")] == [("SKIP-INFO", Severity.INFO)]
    assert lint(text.replace("skipInfo", "title2"), "json") == ()


def test_another_spelling_or_type_is_explained() -> None:
    with pytest.raises(SiteListError) as spelling:
        parse_site_list(json.dumps([{**SITE, "skipinfo": True}]))
    assert (spelling.value.code, spelling.value.values["expected"]) == ("key-spelling", "skipInfo")
    with pytest.raises(SiteListError) as text:
        parse_site_list(json.dumps([{**SITE, "skipInfo": "true"}]))
    assert (text.value.code, text.value.where) == ("boolean-as-string", "[0].skipInfo")
