"""The realm of a hosted site: its issuer, and the clients of its active links."""

from __future__ import annotations

from functools import cached_property

from django.http import Http404

from oauth_provider.realms import Realm, RealmSql
from rollout.services import provided
from rollout.services.provided import ProvidedSite


def active_site(slug: str) -> ProvidedSite:
    """Return the active hosted site with this slug. Raises Http404."""
    site = provided.provided_site(slug)
    if site is None:
        raise Http404
    return site


class SiteRealm(Realm):
    """The realm of one hosted site. The site is loaded only when the SQL expressions of ``sql`` are not enough."""

    def __init__(self, slug: str) -> None:
        super().__init__()
        self.slug = slug

    @cached_property
    def site(self) -> ProvidedSite:
        """The hosted site. Raises Http404."""
        return active_site(self.slug)

    def require(self) -> None:
        """Raise Http404 if there is no such site."""
        self.site  # noqa: B018 - raises Http404

    @property
    def issuer(self) -> str:
        return self.site.base_url

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.site.title

    @property
    def client_ids(self) -> frozenset[str]:  # type: ignore[override]
        return self.site.client_ids

    @property
    def sql(self) -> RealmSql:
        return RealmSql(provided.base_url_sql(), provided.has_client_sql("c.client_id"), provided.sql_values(self.slug))
