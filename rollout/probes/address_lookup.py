"""Looks up what is at an address before a site is added: at most three requests, none of them with credentials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rollout.base_url import parse_base_url
from rollout.compatibility.site_preview import Lookup
from rollout.http_client.policy import FetchPolicy
from rollout.pasted_url.root_redirect import redirected_base_url

from .manifest import probe_manifest
from .probe_session import ProbeSession

LOOKUP_SECONDS = 8.0


async def look_up(base_url: str, *, policy: FetchPolicy, now: Callable[[], datetime]) -> Lookup:
    """Request the manifest and, only if there is none, ``/`` and the manifest of the base URL that it leads to.

    Takes at most eight seconds and never raises for what a site does. ``base_url`` is normalized.
    """
    async with ProbeSession.within(LOOKUP_SECONDS, policy=policy, now=now) as session:
        manifest = await probe_manifest(session, base_url)
        if manifest.form is not None or session.is_stopped:
            return Lookup(base_url, manifest)
        reply = await session.request("GET", f"{base_url}/")
        target = redirected_base_url(base_url, reply.location)
        candidate = target or _without_path(base_url)
        if candidate is None or session.is_stopped:
            return Lookup(base_url, manifest)
        return Lookup(base_url, manifest, candidate, target is not None, await probe_manifest(session, candidate))


def _without_path(base_url: str) -> str | None:
    """The same host without the path, which may belong to a page; None if there is no path."""
    parsed = parse_base_url(base_url, allow_loopback_http=True)
    return parsed.origin if parsed.path else None
