"""System checks: settings that contradict each other stop the start, each with an id and a hint."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@register(Tags.security)
def public_url_is_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E001: plain http is for a trial on this machine only."""
    if settings.HTTPS or urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK:
        return []
    return [
        Error(
            "PUBLIC_URL is http on an address other machines reach.",
            hint="Put a TLS proxy in front and set PUBLIC_URL to its https address.",
            id="gatepass.E001",
        )
    ]


@register(Tags.security)
def loopback_probes_only_in_a_trial(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.E002: probing loopback from a public server lets anyone who adds a site look at its inside."""
    if not (settings.PROBE_ALLOW_LOOPBACK and settings.HTTPS):
        return []
    return [
        Error(
            "PROBE_ALLOW_LOOPBACK is on although PUBLIC_URL is a public https address.",
            hint="Unset PROBE_ALLOW_LOOPBACK; name private ranges in PROBE_ALLOWED_NETWORKS instead.",
            id="gatepass.E002",
        )
    ]


@register(Tags.security)
def several_processes_share_a_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gatepass.W001: rate limits counted in files are for one machine."""
    if settings.REDIS_URL or not settings.HTTPS:
        return []
    return [
        Warning(
            "REDIS_URL is not set: rate limits and Celery's queue live in files of this machine.",
            hint="Set REDIS_URL, or CELERY_BROKER_URL and REDIS_URL, to a Redis that all processes reach.",
            id="gatepass.W001",
        )
    ]
