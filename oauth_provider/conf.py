"""The OAUTH2_PROVIDER settings, each with its reason."""

from __future__ import annotations

from typing import Any


def oauth2_provider_settings(*, issuer: str) -> dict[str, Any]:
    """Return django-oauth-toolkit's settings for native apps. ``issuer``: the absolute https URL of this server."""
    return {
        "OIDC_ISS_ENDPOINT": issuer,
        "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
        "REFRESH_TOKEN_EXPIRE_SECONDS": 7_776_000,
    }
