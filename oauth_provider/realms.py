"""Realms: several issuers on one server. A client answers only in the realm that lists it.

Whoever routes a request to the provider's views may put a ``Realm`` into ``request.META[META_KEY]``; without one the
request is for the root realm. No client can set that key: WSGI prefixes every HTTP header with ``HTTP_``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oauth2_provider.settings import oauth2_settings

META_KEY = "oauth_provider.realm"


@dataclass(frozen=True)
class Realm:
    """``issuer``: absolute URL without a trailing slash; ``client_ids`` None: every client that needs no realm."""

    issuer: str
    client_ids: frozenset[str] | None
    title: str

    @property
    def endpoints(self) -> str:
        """The URL under which authorize, token and revoke are, as Confluence has them."""
        return f"{self.issuer}/rest/oauth2/latest"

    def admits(self, client_id: str, *, needs_realm: bool) -> bool:
        """Whether this client exists here."""
        return not needs_realm if self.client_ids is None else client_id in self.client_ids


def realm_of(meta: Mapping[str, Any]) -> Realm:
    """Return the realm a request is for: the one its route put in, else the root."""
    realm = meta.get(META_KEY)
    return realm if isinstance(realm, Realm) else Realm(oauth2_settings.OIDC_ISS_ENDPOINT, None, "Gatepass")
