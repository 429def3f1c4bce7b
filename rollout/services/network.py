"""The door out as the settings want it: what probes and the virtual phone go through."""

from __future__ import annotations

from django.conf import settings

from rollout.probes.fetch import Door


def door() -> Door:
    return Door(allowed_networks=tuple(settings.PROBE_ALLOWED_NETWORKS), allow_loopback=settings.PROBE_ALLOW_LOOPBACK)
