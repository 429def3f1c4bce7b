"""Realms: several issuers on one server. A client answers only in the realm that lists it.

Whoever routes a request to the provider's views may put a ``Realm`` into ``request.META[META_KEY]``; without one the
request is for the root realm. No client can set that key: WSGI prefixes every HTTP header with ``HTTP_``.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

from oauth2_provider.settings import oauth2_settings

META_KEY = "oauth_provider.realm"


class RealmSql(NamedTuple):
    """How one statement finds the realm and what it asks for at once, so that nothing is looked up beforehand.

    ``issuer``: an expression of the realm's issuer, NULL when there is no such realm. ``admits``: a condition on a
    client ``c``. Both take their values by name from ``values``.
    """

    issuer: str
    admits: str
    values: Mapping[str, Any]


class Realm:
    """The root: every client that needs no realm exists here. A realm of its own says in a subclass what differs."""

    title = "Gatepass"
    client_ids: frozenset[str] | None = None  # of the clients that exist here; None at the root

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}  # looked up for this request, by client ID

    @property
    def issuer(self) -> str:
        """An absolute URL without a trailing slash."""
        return str(oauth2_settings.OIDC_ISS_ENDPOINT)

    @property
    def sql(self) -> RealmSql:
        return RealmSql("%(issuer)s", "NOT c.needs_realm", {"issuer": self.issuer})

    @property
    def endpoints(self) -> str:
        """The URL under which authorize, token and revoke are, as Confluence has them."""
        return f"{self.issuer}/rest/oauth2/latest"

    def admits(self, client_id: str, *, needs_realm: bool) -> bool:
        """Whether this client exists here."""
        return not needs_realm if self.client_ids is None else client_id in self.client_ids


def realm_of(meta: MutableMapping[str, Any]) -> Realm:
    """Return the realm a request is for: the one its route put in, else the root."""
    realm = meta.get(META_KEY)
    if not isinstance(realm, Realm):
        realm = meta[META_KEY] = Realm()
    return realm
