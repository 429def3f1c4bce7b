"""Parse a site list as strictly as the app does. Pure."""

from __future__ import annotations

import json
from typing import Any

from rollout.message_ids import gettext_noop as _


class SiteListError(ValueError):
    """The app cannot use the list. ``message`` is an English message id with placeholders for ``values``."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message % values)
        self.message, self.values = message, values


def client_id_in(site_list_json: str, base_url: str) -> str:
    """Return the client ID of the site in the list. Raises SiteListError."""
    sites = _sites(site_list_json)
    site = next((site for site in sites if site["baseURL"].rstrip("/") == base_url.rstrip("/")), None)
    if site is None:
        raise SiteListError(_("The site list does not contain %(base_url)s."), base_url=base_url)
    oauth = site.get("oauth")
    if oauth is None:
        raise SiteListError(
            _("The site list has no OAuth settings for this site, so the app would show a password form.")
        )
    if not isinstance(oauth, dict) or not isinstance(oauth.get("clientID"), str) or not oauth["clientID"]:
        raise SiteListError(_("The OAuth settings of this site have no clientID."))
    if not isinstance(oauth.get("cacheSessionInMobileBrowser", False), bool):
        raise SiteListError(_("cacheSessionInMobileBrowser must be true or false, without quotes."))
    return oauth["clientID"]


def _sites(text: str) -> list[dict[str, Any]]:
    try:
        sites = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SiteListError(_("The site list is not valid JSON, so the app could not display the sites.")) from error
    if not isinstance(sites, list) or not sites:
        raise SiteListError(_("The site list is not an array of sites, so the app could not display them."))
    for site in sites:
        if not isinstance(site, dict) or not all(isinstance(site.get(name), str) for name in ("title", "baseURL")):
            raise SiteListError(_("A site in the list has no title or no baseURL."))
    return sites
