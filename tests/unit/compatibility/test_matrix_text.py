"""Lines of the matrix as people enter them: each error, and the nearest line without one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollout.compatibility.matrix import MATRIX
from rollout.compatibility.matrix_text import VERSIONS, errors_between, gaps, read_line
from rollout.compatibility.version import Version

LINE = {
    "product": "jira",
    "source": "https://confluence.atlassian.com/jira",
    "redirect_url": "jira-server://oauth-callback",
    "app": "2.0",
    "since": "9.13",
    "below": "10.1",
    "server": "9.14",
    "oauth_plugin": "4.0",
    "mobile_plugin": "",
    "unclear": "",
}
UNCLEAR = {**LINE, "server": "", "oauth_plugin": "", "unclear": "Undocumented for %(found)s."}


def test_it_works() -> None:
    row, errors = read_line(LINE)
    assert not errors
    assert row is not None
    assert (row.since, row.below, row.server) == (Version.parse("9.13"), Version.parse("10.1"), Version.parse("9.14"))
    assert row.mobile_plugin is None


def test_the_built_in_lines_have_no_error() -> None:
    assert not errors_between(MATRIX.requirements)
    assert not gaps(MATRIX.requirements, ["confluence", "jira"])
    for row in MATRIX.requirements:
        texts = {name: str(getattr(row, name) or "") for name in (*LINE,)}
        assert read_line(texts) == (row, [])


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        *(({name: "nine"}, name, "nine is not a version number") for name in VERSIONS),
        ({"app": ""}, "app", "iOS app"),
        ({"since": "9.13-m01"}, "since", "numbers only"),
        ({"below": "10.1-SNAPSHOT"}, "below", "numbers only"),
        ({"since": "10.1"}, "below", "ends before it starts"),
        ({"since": "11", "server": ""}, "below", "ends before it starts"),
        ({"server": "9.12"}, "server", "outside the version range"),
        ({"server": "10.1"}, "server", "outside the version range"),
        ({"server": "", "oauth_plugin": ""}, "server", "or the reason why"),
        ({"unclear": "Undocumented."}, "unclear", "not both"),
        ({"source": "http://example.com/page"}, "source", "https:// URL"),
        ({"source": "https://"}, "source", "https:// URL"),
        ({"source": "https://[::1"}, "source", "https:// URL"),
        ({"redirect_url": "confluence-server://oauth-callback"}, "redirect_url", "jira-server://"),
        ({"redirect_url": "https://example.com"}, "redirect_url", "jira-server://"),
        ({"redirect_url": "jira-server://"}, "redirect_url", "jira-server://"),
        ({"redirect_url": "jira-server://a b"}, "redirect_url", "jira-server://"),
    ],
)
def test_an_error_belongs_to_its_field(change: dict[str, str], field: str, text: str) -> None:
    row, errors = read_line({**LINE, **change})
    assert row is None
    assert text in " ".join(error.message % error.values for error in errors if error.field == field)


@pytest.mark.parametrize("reason", ["100 % sure", "%(other)s", "%s", "%(found)d"])
def test_a_reason_that_could_not_be_filled_in_is_refused(reason: str) -> None:
    row, errors = read_line({**UNCLEAR, "unclear": reason})
    assert row is None
    assert [error.field for error in errors] == ["unclear"]
    assert "%(found)s" in errors[0].message % errors[0].values


@pytest.mark.parametrize("reason", ["Undocumented for %(found)s.", "100 %% unclear", "No placeholder"])
def test_a_reason_that_can_be_filled_in_is_accepted(reason: str) -> None:
    row, errors = read_line({**UNCLEAR, "unclear": reason})
    assert not errors
    assert row is not None
    assert row.server is None


def test_lines_that_overlap_are_refused_and_neighbours_are_not() -> None:
    confluence, old, middle, new = MATRIX.requirements
    wider = replace(old, below=Version.parse("9.13.1"))
    (error,) = errors_between([confluence, wider, middle, new])
    assert error.message % error.values == (
        "Two version ranges of Jira overlap: … – 9.13.1 and 9.13 – 10.1. Each version can be in one range only."
    )
    assert errors_between([replace(old, below=None), new])
    assert not errors_between([new, middle, old, confluence])  # in any order


def test_an_app_accepts_one_redirect_url() -> None:
    _confluence, old, middle, _new = MATRIX.requirements
    (error,) = errors_between([old, replace(middle, redirect_url="jira-server://other")])
    assert "different redirect URLs" in error.message


def test_an_edition_without_lines_is_an_error() -> None:
    assert len(errors_between([])) == 1


def test_every_gap_is_listed() -> None:
    _confluence, old, middle, new = MATRIX.requirements
    notes = [gap.message % gap.values for gap in gaps([old, new], ["confluence", "jira"])]
    assert notes == [
        "No version range of Jira covers versions from 9.13 to below 10.1. The status of such sites will be unknown.",
        "Confluence is not in this edition. The status of all its sites will be unknown.",
    ]
    notes = [gap.message % gap.values for gap in gaps([middle])]
    assert notes == [
        "No version range of Jira covers versions below 9.13. The status of such sites will be unknown.",
        "No version range of Jira covers 10.1 and later. The status of such sites will be unknown.",
    ]
