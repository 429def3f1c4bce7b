from __future__ import annotations

from datetime import date

import pytest

from rollout.compatibility.matrix import MATRIX, redirect_url_for, requirement_for
from rollout.compatibility.version import Version


def test_it_works():
    requirement = requirement_for("confluence", Version.parse("9.2.1"))
    assert requirement is not None
    assert str(requirement.server) == "9.1"
    assert str(requirement.oauth_plugin) == "4.1.1"
    assert str(requirement.mobile_plugin) == "19.1.47"
    assert str(requirement.app) == "2.0"
    assert requirement.redirect_url == "confluence-server://oauth-callback"


def test_it_is_dated_and_names_its_source():
    assert date(2024, 10, 7) <= MATRIX.as_of
    assert all(row.source.startswith("https://confluence.atlassian.com/") for row in MATRIX.requirements)


@pytest.mark.parametrize(
    ("version", "server", "oauth_plugin"),
    [
        ("8.20", "9.12.14", "3.1.14"),
        ("9.12.13", "9.12.14", "3.1.14"),
        ("9.12.14", "9.12.14", "3.1.14"),
        ("9.12.99", "9.12.14", "3.1.14"),
        ("9.13.0-m01", None, None),
        ("9.13", None, None),
        ("10.0.9", None, None),
        ("10.1.0-rc1", "10.1.0", "4.1.0"),
        ("10.1", "10.1.0", "4.1.0"),
        ("11.0", "10.1.0", "4.1.0"),
    ],
)
def test_jira_lines(version: str, server: str | None, oauth_plugin: str | None):
    row = requirement_for("jira", Version.parse(version))
    assert row is not None
    assert row.server == (server and Version.parse(server))
    assert row.oauth_plugin == (oauth_plugin and Version.parse(oauth_plugin))
    assert bool(row.unclear) == (server is None)
    assert row.mobile_plugin is None
    assert row.redirect_url == "jira-server://oauth-callback"


@pytest.mark.parametrize("version", ["0", "9.12.14", "9.13", "10.0", "10.1", "999999999"])
@pytest.mark.parametrize("product", ["confluence", "jira"])
def test_lines_neither_overlap_nor_leave_a_gap(product: str, version: str):
    assert sum(row.covers(Version.parse(version)) for row in MATRIX.lines(product)) == 1


def test_without_a_version_only_a_single_line_is_known():
    assert requirement_for("confluence", None) is not None
    assert requirement_for("jira", None) is None


def test_an_unknown_product_has_no_requirement():
    assert requirement_for("bamboo", Version.parse("9.1")) is None


@pytest.mark.parametrize(
    ("product", "redirect_url"),
    [("confluence", "confluence-server://oauth-callback"), ("jira", "jira-server://oauth-callback")],
)
def test_redirect_url(product: str, redirect_url: str):
    assert redirect_url_for(product) == redirect_url
    assert {row.redirect_url for row in MATRIX.lines(product)} == {redirect_url}


def test_an_unknown_product_has_no_redirect_url():
    with pytest.raises(KeyError):
        redirect_url_for("bamboo")
