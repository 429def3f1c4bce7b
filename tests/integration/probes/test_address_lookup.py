"""A look-up finds the manifest, the context path behind a redirect, and the host below an unknown page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from rollout.compatibility.site_preview import Lookup, SitePreview, preview_of
from rollout.http_client.policy import FetchPolicy
from rollout.probes.address_lookup import look_up
from tests.support.small_site import MANIFEST_PATH, SmallSite, small_site


@pytest.fixture
def site() -> Iterator[SmallSite]:
    with small_site() as server:
        yield server


def found(base_url: str, policy: FetchPolicy | None = None) -> tuple[Lookup, SitePreview]:
    policy = policy or FetchPolicy(allow_loopback=True)
    lookup = asyncio.run(look_up(base_url, policy=policy, now=lambda: datetime.now(UTC)))
    return lookup, preview_of(lookup, allow_loopback_http=True)


def choices(preview: SitePreview) -> list[tuple[str, str]]:
    return [(choice.url, choice.reason) for choice in preview.choices]


def test_one_request_is_enough_for_a_manifest(site: SmallSite) -> None:
    site.confluence("/wiki", own=f"{site.origin}/wiki")
    _lookup, preview = found(f"{site.origin}/wiki")
    assert (preview.title, preview.product, preview.version) == ("Product Wiki", "confluence", "9.3.1")
    assert (preview.choices, preview.error, preview.note) == ((), "", "")
    assert site.requests == [f"/wiki{MANIFEST_PATH}"]


def test_a_redirect_of_the_root_shows_the_context_path(site: SmallSite) -> None:
    site.confluence("/wiki", own=f"{site.origin}/wiki")
    site.redirect("/", "/wiki/login.action?os_destination=%2F")
    _lookup, preview = found(site.origin)
    assert choices(preview) == [
        (f"{site.origin}/wiki", "own"), (site.origin, "redirecting"),
    ]  # fmt: skip
    assert preview.choices[1].values == {"found": f"{site.origin}/wiki"}
    assert preview.title == "Product Wiki"
    assert site.requests == [MANIFEST_PATH, "/", f"/wiki{MANIFEST_PATH}"]


def test_a_redirect_to_something_else_is_not_offered(site: SmallSite) -> None:
    site.redirect("/", "/portal/")
    _lookup, preview = found(site.origin)
    assert (preview.choices, preview.note) == ((), "no-manifest")


@pytest.mark.parametrize("target", ["/adfs/ls/?x", "/login.action", "https://sso.example.com/wiki/"])
def test_a_redirect_to_a_sign_in_is_not_followed(site: SmallSite, target: str) -> None:
    site.redirect("/", target)
    found(site.origin)
    assert site.requests == [MANIFEST_PATH, "/"]


def test_a_site_that_moved_is_offered_at_its_new_place(site: SmallSite) -> None:
    with small_site() as other:
        place = f"http://localhost:{other.server_port}/wiki"
        other.confluence("/wiki", own=place)
        site.responses[MANIFEST_PATH] = (301, {"Location": f"{place}{MANIFEST_PATH}"}, "")
        _lookup, preview = found(site.origin)
    assert choices(preview) == [(place, "own"), (site.origin, "redirecting")]


def test_an_unknown_page_leads_to_its_host(site: SmallSite) -> None:
    site.confluence("", own=site.origin)
    _lookup, preview = found(f"{site.origin}/teams/47")
    assert choices(preview) == [
        (site.origin, "own"), (f"{site.origin}/teams/47", "silent"),
    ]  # fmt: skip


def test_a_manifest_that_is_redirected_within_the_host_is_read(site: SmallSite) -> None:
    site.confluence("/wiki", own=f"{site.origin}/wiki")
    site.redirect(MANIFEST_PATH, f"/wiki{MANIFEST_PATH}")
    _lookup, preview = found(site.origin)
    assert choices(preview) == [
        (f"{site.origin}/wiki", "own"), (site.origin, "entered"),
    ]  # fmt: skip


def test_a_sign_in_in_front_is_named(site: SmallSite) -> None:
    site.redirect(MANIFEST_PATH, "https://sso.example.com/authorize?x=1")
    _lookup, preview = found(site.origin)
    assert (preview.note, preview.values) == ("redirected", {"host": "sso.example.com"})


def test_a_closed_address_gets_no_request(site: SmallSite) -> None:
    lookup, preview = found(site.origin, FetchPolicy())
    assert preview.error in {"blocked_address", "not_https"}
    assert site.requests == []
    assert lookup.candidate is None


def test_nothing_listens(site: SmallSite) -> None:
    origin = site.origin
    site.shutdown()
    site.server_close()
    _lookup, preview = found(origin)
    assert (preview.error, preview.note) == ("refused", "")
