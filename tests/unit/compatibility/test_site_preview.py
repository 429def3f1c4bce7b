"""What a look-up offers: title, product, and base URLs with the best first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.presenters.pasted_addresses import NOTES, REASONS
from rollout.compatibility.observation import Answer, Manifest
from rollout.compatibility.site_preview import Lookup, SitePreview, preview_of

HOST = "https://wiki.example.com"


def answer(**fields: object) -> Answer:
    return Answer("GET", f"{HOST}/rest/applinks/1.0/manifest", datetime.now(UTC), **fields)  # type: ignore[arg-type]


def manifest(url: str | None = HOST, **fields: str | None) -> Manifest:
    values = {"product": "confluence", "version": "9.2.1", "name": "Wiki", "form": "xml", "canonical_url": url}
    return Manifest(answer(status=200), **{**values, **fields})


def choices(preview: SitePreview) -> list[tuple[str, str]]:
    return [(choice.url, choice.reason) for choice in preview.choices]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (HOST, []),
        (f"{HOST}/", []),
        ("HTTPS://WIKI.example.com:443", []),
        (None, []),
        (f"{HOST}/wiki", [(f"{HOST}/wiki", "own"), (HOST, "entered")]),
        (f"{HOST}:8443", [(f"{HOST}:8443", "own"), (HOST, "entered")]),
        # Another host may be a name that only the server knows.
        ("https://node1.example.com", [(HOST, "entered"), ("https://node1.example.com", "own")]),
        # Not usable at all.
        ("http://wiki.example.com", []),
        ("https://localhost:8090", []),
        ("nonsense", []),
    ],
)
def test_the_sites_own_base_url(own: str | None, expected: list[tuple[str, str]]) -> None:
    assert choices(preview_of(Lookup(HOST, manifest(own)))) == expected


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({}, ""),
        ({"version": "1000.0.0-3c9d8a"}, "cloud"),
        ({"version": "10.0.0"}, ""),
        ({"product": "bitbucket"}, "other-product"),
        ({"product": "jira"}, ""),
        ({"url": "http://wiki.example.com"}, "own-is-http"),
    ],
)
def test_notes_on_a_manifest(fields: dict[str, str], note: str) -> None:
    preview = preview_of(Lookup(HOST, manifest(**fields)))
    assert preview.note == note
    assert not note or NOTES[note] % preview.values
    assert preview.product in {fields.get("product", "confluence"), ""}


@pytest.mark.parametrize(
    ("fields", "error", "note"),
    [
        ({"error": "dns"}, "dns", ""),
        ({"error": "blocked_address", "blocked_network": "10.0.0.1/32"}, "blocked_address", "blocked"),
        ({"error": "blocked_address"}, "blocked_address", ""),
        ({"status": 404}, "", "no-manifest"),
        ({"status": 200}, "", "no-manifest"),
        ({"status": 403}, "", "refused"),
        ({"status": 302, "location": "https://sso.example.com/login?x=1"}, "", "redirected"),
        ({"status": 302, "location": f"{HOST}/login.action"}, "", "no-manifest"),
    ],
)
def test_why_nothing_was_found(fields: dict[str, object], error: str, note: str) -> None:
    preview = preview_of(Lookup(HOST, Manifest(answer(**fields))))
    assert (preview.error, preview.note, preview.title, preview.choices) == (error, note, "", ())
    assert not note or NOTES[note] % preview.values


def test_the_title_fits_the_sites_title() -> None:
    assert len(preview_of(Lookup(HOST, manifest(name="W" * 200))).title) == 120


def test_a_candidate_without_a_manifest_is_not_offered() -> None:
    lookup = Lookup(HOST, Manifest(answer(status=404)), f"{HOST}/wiki", Manifest(answer(status=404)))
    assert preview_of(lookup).choices == ()


def test_every_reason_has_its_values() -> None:
    found = manifest(f"{HOST}/wiki")
    moved = Lookup(HOST, Manifest(answer(status=404)), f"{HOST}/wiki", manifest(None))
    other = Lookup(f"{HOST}/a", Manifest(answer(status=404)), HOST, manifest(None))
    shown = [*preview_of(Lookup(HOST, found)).choices, *preview_of(moved).choices, *preview_of(other).choices]
    assert all(REASONS[choice.reason] % choice.values for choice in shown)
    assert {choice.reason for choice in shown} == set(REASONS)
