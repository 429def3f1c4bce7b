"""Confluence's OAuth scopes, their descriptions, and the one that apps get."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from oauth2_provider.scopes import BaseScopes

APP_SCOPE = "WRITE"
SCOPES: dict[str, str | Promise] = {
    "READ": _("View everything that you can view on this site."),
    "WRITE": _("View, create, edit and delete content on this site on your behalf."),
    "ADMIN": _("Administer this site on your behalf."),
    "SYSTEM_ADMIN": _("Administer the whole system on your behalf."),
}


class AppScopes(BaseScopes):
    """Gives every client exactly WRITE: the app does not work with less and does not need more."""

    def get_all_scopes(self) -> dict[str, str | Promise]:
        """Return all scopes with their descriptions."""
        return SCOPES

    def get_available_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        """Return the scopes that a client may request."""
        return [APP_SCOPE]

    def get_default_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        """Return the scopes of a request that names none."""
        return [APP_SCOPE]
