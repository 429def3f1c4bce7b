"""What several sources tell of one fact: the manifest first, the login page where the manifest is shut."""

from __future__ import annotations

from typing import NamedTuple

from .observation import Answer, LoginPage, Manifest, Observation


class Told(NamedTuple):
    """A fact, the answer that it was read from, and whether that was the login page."""

    text: str | None
    answer: Answer
    by_login_page: bool = False


def was_read(manifest: Manifest) -> bool:
    return bool(manifest.product or manifest.version or manifest.canonical_url)


def own_login_page(observation: Observation) -> LoginPage | None:
    """The login page when it is the site's own; None when it was not asked or something else answered."""
    page = observation.login_page
    return page if page is not None and page.kind == "page" else None


def server_version(observation: Observation) -> Told:
    """The server's version: by the manifest, else by the login page."""
    manifest = observation.manifest
    if not manifest.version and (page := own_login_page(observation)) and page.version:
        return Told(page.version, page.answer, True)
    return Told(manifest.version, manifest.answer)


def own_base_url(observation: Observation) -> Told:
    """What the site calls itself: by the manifest, else by the login page where no manifest was read."""
    manifest = observation.manifest
    if not was_read(manifest) and (page := own_login_page(observation)) and page.base_url:
        return Told(page.base_url, page.answer, True)
    return Told(manifest.canonical_url, manifest.answer)


def is_described_without_manifest(observation: Observation) -> bool:
    """Whether product, version and base URL are all told by headers and the login page."""
    page = own_login_page(observation)
    if page is None or not page.version or not page.base_url:
        return False
    return observation.fingerprint.product == observation.product
