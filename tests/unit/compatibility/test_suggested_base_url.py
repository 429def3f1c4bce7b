"""A better base URL from what a check saw."""

from __future__ import annotations

import pytest

from rollout.compatibility.observation import Answer
from rollout.compatibility.suggested_base_url import context_url, moved_to, suggested_base_url
from tests.support.observations import NOW

HOST = "https://confluence.example.com"


def root(location: str | None) -> Answer:
    return Answer("GET", f"{HOST}/", NOW, 302, location=location)


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("/confluence/", f"{HOST}/confluence"),
        ("/wiki/login.action?os_destination=%2F", f"{HOST}/wiki"),
        (f"{HOST}/wiki/spaces/viewspace.action", f"{HOST}/wiki"),
        ("/a/wiki/", f"{HOST}/a/wiki"),
        ("/login.action", None),
        ("/secure/Dashboard.jspa", None),
        ("/index.html", None),
        ("/", None),
        ("https://sso.example.com/wiki/", None),
        (None, None),
    ],
)
def test_the_context_path_that_the_root_shows(location, found) -> None:
    assert context_url(root(location)) == found


def test_nothing_is_suggested_for_a_ready_site(ready) -> None:
    assert suggested_base_url(ready) is None


def test_the_canonical_url_is_suggested(build) -> None:
    assert (
        suggested_base_url(build(manifest={"canonical_url": "https://docs.example.com/"})) == "https://docs.example.com"
    )
    assert suggested_base_url(build(manifest={"canonical_url": "http://docs.example.com"})) is None
    assert suggested_base_url(build(manifest={"canonical_url": "nonsense"})) is None


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("https://docs.example.com/wiki/rest/applinks/1.0/manifest", "https://docs.example.com/wiki"),
        ("https://docs.example.com/new/wiki/rest/applinks/1.0/manifest", "https://docs.example.com/new/wiki"),
    ],
)
def test_the_place_that_the_site_moved_to(build, location, found) -> None:
    answer = {"status": 301, "location": location, "refusal": "moved"}
    observation = build(manifest={"product": None, "version": None, "canonical_url": None, "answer": answer})
    assert moved_to(observation.manifest.answer) == found
    assert suggested_base_url(observation) == found


def test_a_redirect_to_a_sign_in_is_no_move(build) -> None:
    answer = {"status": 302, "location": "https://sso.example.com/login", "refusal": "sign_in"}
    assert moved_to(build(manifest={"answer": answer}).manifest.answer) is None
