"""Context that the frame of every page needs."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from oauth_provider.endpoints.embedded import is_embedded
from portal.accounts.client_certificates import certified_person

THEMES = ("auto", "light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the theme (``auto`` follows the system), the name of the organization and facts about the request."""
    theme = request.COOKIES.get("theme", "auto")
    return {
        "certified_person": partial(certified_person, request),
        "single_sign_on": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
        "theme": theme if theme in THEMES else "auto",
        "organisation": settings.ORGANISATION,
        "is_embedded": is_embedded(request.headers.get("User-Agent", "")),
    }
