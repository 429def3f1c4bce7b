"""The sites that Gatepass provides, as their own addresses need them: looked up at every request of a phone."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from django.db import connection

from rollout.models import ApplicationLink, Product, Provider, Site


@dataclass(frozen=True)
class ProvidedSite:
    """``client_ids``: of its active links; ``switch_client_id``: of the OAuth 2.0 switch while it is on."""

    base_url: str
    title: str
    client_ids: frozenset[str]
    switch_client_id: str | None


def provided_site(slug: str) -> ProvidedSite | None:
    """Return the active Confluence site that Gatepass provides under this name. One statement.

    Written by hand: every request of every phone begins with it, and the ORM takes three times as long to ask.
    """
    with connection.cursor() as cursor:
        cursor.execute(_sql(), [slug, Provider.GATEPASS, Product.CONFLUENCE])
        rows = cursor.fetchall()
    if not rows:
        return None
    base_url, title = rows[0][:2]
    links = [(client_id, origin) for *_site, client_id, origin in rows if client_id is not None]
    switch = [client_id for client_id, origin in links if origin == ApplicationLink.Origin.SWITCH]
    return ProvidedSite(base_url, title, frozenset(client_id for client_id, _ in links), switch[0] if switch else None)


@functools.cache
def _sql() -> str:
    site, link = (connection.ops.quote_name(model._meta.db_table) for model in (Site, ApplicationLink))
    return (
        "SELECT s.base_url, s.title, l.client_id, l.origin "  # noqa: S608 - our own names
        f"FROM {site} s LEFT JOIN {link} l ON l.site_id = s.id AND l.revoked_at IS NULL "
        "WHERE s.slug = %s AND s.provider = %s AND s.product = %s AND s.archived_at IS NULL ORDER BY l.id"
    )
