"""``skipInfo`` of an existing list is read, kept where it stood, and mentioned."""

from __future__ import annotations

import json

import pytest

from rollout.mdm.list_findings import Severity
from rollout.mdm.reading import parse_site_list
from rollout.mdm.site_list import build_site_list
from tests.support.site_lists import checked, ids, sites_of

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
    result = checked(json.dumps([{**SITE, "skipInfo": True}]))
    assert [(finding.id, finding.severity) for finding in result.findings] == [("skip-info", Severity.STYLE)]
    assert result.readable


def test_another_spelling_or_type_is_repaired() -> None:
    for site, finding in (
        ({**SITE, "skipinfo": True}, "key-spelling"),
        ({**SITE, "skipInfo": "true"}, "boolean-as-text"),
    ):
        result = checked(json.dumps([site]))
        assert finding in ids(result)
        assert sites_of(result) == [{**SITE, "skipInfo": True}]
