"""Confluence's scopes, in plain words, and which of them a client gets."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from oauth2_provider.scopes import BaseScopes

APP_SCOPE = "WRITE"
SCOPES: dict[str, str | Promise] = {
    "READ": _("See what you can see on this site."),
    "WRITE": _("See, create, change and delete what you can on this site, as you."),
    "ADMIN": _("Administer this site as you."),
    "SYSTEM_ADMIN": _("Administer the whole system as you."),
}


class AppScopes(BaseScopes):
    """Every client gets exactly WRITE: less and the app does not work, more and it is over-privileged."""

    def get_all_scopes(self) -> dict[str, str | Promise]:
        return SCOPES

    def get_available_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        return [APP_SCOPE]

    def get_default_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        return [APP_SCOPE]
