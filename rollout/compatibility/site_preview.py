"""What a look-up shows of a site before it is added: title, product, and the base URLs to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rollout.base_url import BaseUrlError, parse_base_url

from .base_urls import is_same
from .observation import Manifest
from .sources import is_cloud
from .suggested_base_url import moved_to

PRODUCTS = ("confluence", "jira")  # those that a site can be
TITLE_LENGTH = 120


@dataclass(frozen=True)
class Lookup:
    """What the requests of a look-up returned.

    ``manifest`` is that of ``base_url``. If it has none, ``candidate`` is another base URL that was tried: where the
    site moved to, the context path that ``/`` redirects to, or the same host without a path.
    """

    base_url: str
    manifest: Manifest
    candidate: str | None = None
    candidate_manifest: Manifest | None = None


@dataclass(frozen=True)
class Choice:
    """A base URL to choose, and why, with values for the sentence.

    ``reason`` is ``own`` (the site's own base URL), ``redirect`` or ``answers`` (found instead of the entered one), or,
    for the entered one, ``entered`` (the site's own is another), ``redirecting`` or ``silent``.
    """

    url: str
    reason: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SitePreview:
    """The result of a look-up.

    ``title``, ``product`` (``confluence`` or ``jira``) and ``version`` are empty if the site does not report them.
    ``choices`` has the best base URL first, and is empty if there is only the one that was entered. ``error`` is an
    error code of a request; ``note`` is ``cloud``, ``other-product``, ``own-is-http``, or why there is no manifest:
    ``blocked`` (by Gatepass's own settings), ``redirected``, ``refused`` or ``no-manifest``. Both are empty if all is
    well.
    """

    base_url: str
    title: str = ""
    product: str = ""
    version: str = ""
    choices: tuple[Choice, ...] = ()
    error: str = ""
    note: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def preview_of(lookup: Lookup, *, allow_loopback_http: bool = False) -> SitePreview:
    """Evaluate a look-up. ``allow_loopback_http`` is that of ``parse_base_url``."""
    found, manifest = lookup.base_url, lookup.manifest
    if manifest.form is None and lookup.candidate and lookup.candidate_manifest and lookup.candidate_manifest.form:
        found, manifest = lookup.candidate, lookup.candidate_manifest
    if manifest.form is None:
        note, values = _why_unknown(lookup.manifest)
        return SitePreview(lookup.base_url, error=lookup.manifest.answer.error or "", note=note, values=values)
    choices, http_url = _choices(lookup, found, manifest, allow_loopback_http)
    note, values = _note(manifest, http_url)
    return SitePreview(
        lookup.base_url,
        title=(manifest.name or "")[:TITLE_LENGTH].strip(),
        product=manifest.product if manifest.product in PRODUCTS else "",
        version=manifest.version or "",
        choices=choices,
        note=note,
        values=values,
    )


def _choices(
    lookup: Lookup, found: str, manifest: Manifest, allow_loopback_http: bool
) -> tuple[tuple[Choice, ...], str]:
    """The base URLs, best first, and the site's own one if it is http and so no choice."""
    own, http_url = "", ""
    if manifest.canonical_url and not is_same(manifest.canonical_url, found):
        try:
            own = str(parse_base_url(manifest.canonical_url, allow_loopback_http=allow_loopback_http))
        except BaseUrlError as error:
            http_url = manifest.canonical_url if error.code == "http" else ""
    elif manifest.canonical_url:
        own = found
    choices = [Choice(found, "own" if own == found else "entered")] if found == lookup.base_url else []
    if found != lookup.base_url:
        is_redirect = found.startswith(f"{lookup.base_url}/") or bool(moved_to(lookup.manifest.answer))
        moved, entered = ("redirect", "redirecting") if is_redirect else ("answers", "silent")
        choices.append(Choice(found, "own" if own == found else moved, {"entered": lookup.base_url}))
        choices.append(Choice(lookup.base_url, entered, {"found": found}))
    if own and own != found:
        # Another host may be an internal name that phones cannot reach, so it is not the first choice.
        same_host = urlsplit(own).hostname == urlsplit(found).hostname
        choices = [choice for choice in choices if choice.url != own]
        choices.insert(0 if same_host else len(choices), Choice(own, "own"))
    return (tuple(choices) if len(choices) > 1 else ()), http_url


def _note(manifest: Manifest, http_url: str) -> tuple[str, dict[str, str]]:
    if is_cloud(manifest.version):
        return "cloud", {"version": manifest.version or ""}
    if manifest.product and manifest.product not in PRODUCTS:
        return "other-product", {"product": manifest.product}
    return ("own-is-http", {"url": http_url}) if http_url else ("", {})


def _why_unknown(manifest: Manifest) -> tuple[str, dict[str, str]]:
    answer = manifest.answer
    if answer.error:
        return ("blocked", {"network": answer.blocked_network}) if answer.blocked_network else ("", {})
    host = urlsplit(answer.location).netloc if answer.location else ""
    if host and host != urlsplit(answer.url).netloc:
        return "redirected", {"host": host}
    if answer.status in {401, 403}:
        return "refused", {"status": str(answer.status)}
    return "no-manifest", {}
