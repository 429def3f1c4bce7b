"""JSON of the plugin manager is parsed strictly; other text is rejected with what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.formats.upm import MOBILE_KEYS, OAUTH_KEY, Plugin, Plugins, UpmError, path_of, read_upm

CONFLUENCE_MOBILE, JIRA_MOBILE = MOBILE_KEYS["confluence"], MOBILE_KEYS["jira"]


def plugin(key: str = OAUTH_KEY, version: Any = "4.1.1", **more: Any) -> dict[str, Any]:
    """A plugin as the plugin manager returns it, with some other fields."""
    rest = {"links": {"self": f"/wiki/rest/plugins/1.0/{key}-key"}, "userInstalled": False, "modules": []}
    return {"enabled": True, "name": "A plugin", "key": key, "version": version, **rest, **more}


def test_it_works() -> None:
    text = json.dumps({"plugins": [plugin("com.example.other", "1.0"), plugin(), plugin(CONFLUENCE_MOBILE, "19.1.47")]})
    assert read_upm(text, product="confluence") == Plugins(
        Plugin(OAUTH_KEY, "4.1.1", True), Plugin(CONFLUENCE_MOBILE, "19.1.47", True)
    )


def test_a_missing_plugin_is_none() -> None:
    found = read_upm(json.dumps(plugin(enabled=False)), product="confluence")
    assert found == Plugins(Plugin(OAUTH_KEY, "4.1.1", False), None)


def test_two_responses_can_be_pasted_one_after_another() -> None:
    text = "\ufeff" + json.dumps(plugin(), indent=1) + "\n\n" + json.dumps(plugin(JIRA_MOBILE, "3.2.1"))
    found = read_upm(text, product="jira")
    assert (found.oauth, found.mobile) == (Plugin(OAUTH_KEY, "4.1.1", True), Plugin(JIRA_MOBILE, "3.2.1", True))


def test_the_oauth_plugin_is_also_found_by_name() -> None:
    named = plugin("com.atlassian.renamed", "4.2", name="Atlassian OAuth 2.0 Provider – Plugin")
    found = read_upm(json.dumps([named]), product="confluence")
    assert found.oauth == Plugin("com.atlassian.renamed", "4.2", True)


def test_the_key_takes_precedence_over_the_name() -> None:
    named = plugin("com.example.copy", "9.9", name="OAuth 2.0 provider, our fork")
    found = read_upm(json.dumps([named, plugin()]), product="confluence")
    assert found.oauth == Plugin(OAUTH_KEY, "4.1.1", True)


@pytest.mark.parametrize("enabled", [None, "true", 1, {}])
def test_enabled_is_none_unless_it_is_a_boolean(enabled: Any) -> None:
    found = read_upm(json.dumps(plugin(enabled=enabled)), product="confluence")
    assert found.oauth is not None
    assert found.oauth.enabled is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("<!DOCTYPE html><title>Log in</title>", "html"),
        ("\ufeff<html>", "html"),
        ("4.1.1", "not-json"),
        ("{'key': 'x'}", "not-json"),
        (json.dumps(plugin())[:-4], "not-json"),
        (json.dumps(plugin()) + " and more", "not-json"),
        (json.dumps(plugin())[:-1] + ', "a": NaN}', "not-json"),
        ("[-Infinity]", "not-json"),
        ('{"key": "a", "key": "b"}', "duplicate-key"),
        ('{"plugins": [{"version": "1", "version": "2"}]}', "duplicate-key"),
        ("[" * 100_000, "not-upm"),
        ("[" * 100_000 + "]" * 100_000, "not-upm"),
        ("9" * 10_000, "not-upm"),
        ("{}", "no-plugin"),
        ("17", "no-plugin"),
        ('{"plugins": {}}', "no-plugin"),
        ('{"subCode": "upm.websudo.error", "errorMessage": "No"}', "no-plugin"),
        (json.dumps([plugin("com.example.other")]), "not-listed"),
        (json.dumps(plugin(JIRA_MOBILE)), "other-product"),
        (json.dumps(plugin(version=None)), "bad-version"),
        (json.dumps(plugin(version=4.1)), "bad-version"),
        (json.dumps(plugin(version="newest")), "bad-version"),
        (json.dumps(plugin(version="4.1.1-" + "a" * 60)), "bad-version"),
        (json.dumps([plugin(), plugin(version="4.1.2")]), "contradiction"),
        ("{} " * 21, "too-many"),
        ("x" * 3_000_001, "too-long"),
    ],
)
def test_other_text_is_rejected_with_a_reason(text: str, code: str) -> None:
    with pytest.raises(UpmError) as caught:
        read_upm(text, product="confluence")
    assert caught.value.code == code
    assert str(caught.value).endswith(".")


def test_the_same_plugin_twice_is_accepted() -> None:
    assert read_upm(json.dumps([plugin(), plugin()]), product="confluence").oauth is not None


def test_the_path_of_a_plugin() -> None:
    assert path_of(OAUTH_KEY) == f"/rest/plugins/1.0/{OAUTH_KEY}-key"


@given(st.text())
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    with pytest.raises(UpmError):
        read_upm(text, product="jira")
