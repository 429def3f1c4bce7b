"""Realms: several issuers on one server. A client is known only in the realm that lists it.

The code that routes a request to these views may set ``request.META[META_KEY]`` to a ``Realm``; the default is the root
realm. Clients cannot set that key: WSGI prefixes every HTTP header with ``HTTP_``.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

from oauth2_provider.settings import oauth2_settings

META_KEY = "oauth_provider.realm"


class RealmSql(NamedTuple):
    """SQL that resolves the realm within another statement, so that no separate query is needed.

    ``issuer``: an expression for the realm's issuer, NULL if there is no such realm. ``admits``: a condition on the
    client ``c``. ``values``: the named parameters of both.
    """

    issuer: str
    admits: str
    values: Mapping[str, Any]


class Realm:
    """The root realm, with every client that does not need a realm. Subclasses define other realms."""

    title = "Gatepass"
    client_ids: frozenset[str] | None = None  # clients of this realm; None in the root realm

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}  # cache for this request, by client ID

    @property
    def issuer(self) -> str:
        """The issuer: an absolute URL without a trailing slash."""
        return str(oauth2_settings.OIDC_ISS_ENDPOINT)

    @property
    def sql(self) -> RealmSql:
        """The SQL that resolves this realm."""
        return RealmSql("%(issuer)s", "NOT c.needs_realm", {"issuer": self.issuer})

    @property
    def endpoints(self) -> str:
        """The base URL of authorize, token and revoke, with the same path as in Confluence."""
        return f"{self.issuer}/rest/oauth2/latest"

    def require(self) -> None:
        """Raise the exception for a realm that does not exist; the root realm always does."""

    def admits(self, client_id: str, *, needs_realm: bool) -> bool:
        """Return whether this client is known in this realm."""
        return not needs_realm if self.client_ids is None else client_id in self.client_ids


def realm_of(meta: MutableMapping[str, Any]) -> Realm:
    """Return the realm of a request: the one that its route set, else the root realm."""
    realm = meta.get(META_KEY)
    if not isinstance(realm, Realm):
        realm = meta[META_KEY] = Realm()
    return realm
