"""Looks up what is at an address before a site is added: a few requests, none of them with credentials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rollout.base_url import parse_base_url
from rollout.compatibility.site_preview import Lookup
from rollout.compatibility.suggested_base_url import context_url, moved_to
from rollout.http_client.policy import FetchPolicy

from .manifest import probe_manifest
from .probe_session import ProbeSession
from .root import probe_root

LOOKUP_SECONDS = 8.0


async def look_up(base_url: str, *, policy: FetchPolicy, now: Callable[[], datetime]) -> Lookup:
    """Request the manifest and, only if there is none, ``/`` and the manifest of the base URL that both lead to.

    Takes at most eight seconds and never raises for what a site does. ``base_url`` is normalized.
    """
    async with ProbeSession.within(LOOKUP_SECONDS, policy=policy, now=now) as session:
        manifest = await probe_manifest(session, base_url)
        if manifest.form is not None or session.is_stopped:
            return Lookup(base_url, manifest)
        origin = parse_base_url(base_url, allow_loopback_http=True).origin
        candidate = moved_to(manifest.answer) or context_url(await probe_root(session, base_url)) or origin
        if candidate == base_url or session.is_stopped:
            return Lookup(base_url, manifest)
        return Lookup(base_url, manifest, candidate, await probe_manifest(session, candidate))
