"""Reads the site list as strictly as the app. Pure."""

from __future__ import annotations

import json
from typing import Any

from rollout.message_ids import gettext_noop as _


class SiteListProblem(ValueError):  # noqa: N818 - what is wrong with the list, in the words of the transcript
    """``message`` is an English message id with ``%(name)s`` placeholders for ``values``."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message % values)
        self.message, self.values = message, values


def client_id_in(site_list_json: str, base_url: str) -> str:
    """Return the client ID that the list contains for this site. Raises SiteListProblem."""
    sites = _sites(site_list_json)
    site = next((site for site in sites if site["baseURL"].rstrip("/") == base_url.rstrip("/")), None)
    if site is None:
        raise SiteListProblem(_("The site list does not contain %(base_url)s."), base_url=base_url)
    oauth = site.get("oauth")
    if oauth is None:
        raise SiteListProblem(
            _("The site list has no OAuth part for this site, so the app would show a password form.")
        )
    if not isinstance(oauth, dict) or not isinstance(oauth.get("clientID"), str) or not oauth["clientID"]:
        raise SiteListProblem(_("The OAuth part of this site has no clientID."))
    if not isinstance(oauth.get("cacheSessionInMobileBrowser", False), bool):
        raise SiteListProblem(_("cacheSessionInMobileBrowser is not a boolean (true or false)."))
    return oauth["clientID"]


def _sites(text: str) -> list[dict[str, Any]]:
    try:
        sites = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SiteListProblem(_("The site list is not valid JSON, so the app could not display the sites.")) from error
    if not isinstance(sites, list) or not sites:
        raise SiteListProblem(_("The site list is not an array of sites, so the app could not display them."))
    for site in sites:
        if not isinstance(site, dict) or not all(isinstance(site.get(name), str) for name in ("title", "baseURL")):
            raise SiteListProblem(_("A site in the list has no title or no baseURL."))
    return sites
