"""Facts that several sources report: from the manifest, or from the login page where the manifest is not accessible."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from .observation import Answer, LoginPage, Manifest, Observation


class SourcedText(NamedTuple):
    """A reported text, the response that contains it, and whether that is the login page."""

    text: str | None
    answer: Answer
    from_login_page: bool = False


def was_read(manifest: Manifest) -> bool:
    """Whether the response was a manifest with at least one usable field."""
    return bool(manifest.product or manifest.version or manifest.canonical_url)


def own_login_page(observation: Observation) -> LoginPage | None:
    """The site's own login page; None if it was not requested or another page was returned."""
    page = observation.login_page
    return page if page is not None and page.kind == "page" else None


def server_version(observation: Observation) -> SourcedText:
    """The server's version from the manifest, else from the login page."""
    manifest = observation.manifest
    if not manifest.version and (page := own_login_page(observation)) and page.version:
        return SourcedText(page.version, page.answer, True)
    return SourcedText(manifest.version, manifest.answer)


def own_base_url(observation: Observation) -> SourcedText:
    """The base URL that the site reports: from the manifest, else, if that was not read, from the login page."""
    manifest = observation.manifest
    if not was_read(manifest) and (page := own_login_page(observation)) and page.base_url:
        return SourcedText(page.base_url, page.answer, True)
    return SourcedText(manifest.canonical_url, manifest.answer)


def is_identified_without_manifest(observation: Observation) -> bool:
    """Whether headers and the login page report product, version and base URL."""
    page = own_login_page(observation)
    if page is None or not page.version or not page.base_url:
        return False
    return observation.fingerprint.product == observation.product


@lru_cache(maxsize=4096)
def is_cloud(version: str | None) -> bool:
    """Whether a version is one of Atlassian Cloud, as ``1000.0.0-60b5e2e6d6c9``."""
    major = (version or "").partition(".")[0]
    return len(major) >= 4 and major.isdigit()
