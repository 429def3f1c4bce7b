"""Looks up an address for the form that adds a site. Nothing is stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from rollout.compatibility.site_preview import SitePreview, preview_of
from rollout.probes.address_lookup import look_up

from .network import policy


def look_up_site(*, base_url: str, ca_bundle: str = "", through_proxy: bool = False) -> SitePreview:
    """Return what the site at a normalized base URL reports. Takes up to eight seconds; call it in no transaction.

    The guarded client reaches what checks may reach and nothing else. ``ca_bundle`` is valid PEM text.
    """
    fetch_policy = replace(policy(), ca_bundle=ca_bundle.strip(), through_proxy=through_proxy)
    lookup = asyncio.run(look_up(base_url, policy=fetch_policy, now=timezone.now))
    return preview_of(lookup, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
