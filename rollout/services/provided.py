"""Lookup of the sites that Gatepass hosts, for each request of a phone."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from django.db import connection

from rollout.models import ApplicationLink, Product, Provider, Site
from rollout.ports import run_statement


@dataclass(frozen=True)
class ProvidedSite:
    """A site hosted by Gatepass.

    ``client_ids``: those of its active links. ``switch_client_id``: that of the OAuth 2.0 switch; None while it is off.
    """

    base_url: str
    title: str
    client_ids: frozenset[str]
    switch_client_id: str | None


def provided_site(slug: str) -> ProvidedSite | None:
    """Return the active hosted site with this slug, or None. One statement.

    Raw SQL, because each request of a phone needs it and the ORM takes three times as long.
    """
    rows = run_statement(_sql(), sql_values(slug))
    if not rows:
        return None
    base_url, title = rows[0][:2]
    links = [(client_id, origin) for *_site, client_id, origin in rows if client_id is not None]
    switch = [client_id for client_id, origin in links if origin == ApplicationLink.Origin.SWITCH]
    return ProvidedSite(base_url, title, frozenset(client_id for client_id, _ in links), switch[0] if switch else None)


@functools.cache
def _sql() -> str:
    site, link = _tables()
    return (
        "SELECT s.base_url, s.title, l.client_id, l.origin "  # nosec B608  # noqa: S608 - no input
        f"FROM {site} s LEFT JOIN {link} l ON l.site_id = s.id AND l.revoked_at IS NULL "
        f"WHERE {_IS_PROVIDED} ORDER BY l.id"
    )


_IS_PROVIDED = (
    f"s.slug = %(slug)s AND s.provider = '{Provider.GATEPASS.value}' AND s.product = '{Product.CONFLUENCE.value}' "
    "AND s.archived_at IS NULL"
)


def sql_values(slug: str) -> dict[str, str]:
    """Return the parameters of the SQL expressions of this module."""
    return {"slug": slug}


@functools.cache
def base_url_sql() -> str:
    """Return an SQL expression for the base URL of the site that ``provided_site`` returns; NULL if there is none."""
    site, _link = _tables()
    return f"(SELECT s.base_url FROM {site} s WHERE {_IS_PROVIDED})"  # nosec B608  # noqa: S608 - no input


@functools.cache
def has_client_sql(client_id: str) -> str:
    """Return an SQL condition: an active link of the site has the client ID in this column."""
    site, link = _tables()
    return (
        f"EXISTS (SELECT 1 FROM {site} s JOIN {link} l ON l.site_id = s.id AND l.revoked_at IS NULL "  # nosec B608  # noqa: S608
        f"WHERE {_IS_PROVIDED} AND l.client_id = {client_id})"
    )


def _tables() -> tuple[str, str]:
    site, link = (connection.ops.quote_name(model._meta.db_table) for model in (Site, ApplicationLink))
    return site, link
