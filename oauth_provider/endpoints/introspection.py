"""Token introspection for the resource servers of a realm (RFC 7662)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from oauth_provider.realms import Realm
from oauth_provider.resource_servers import Credential, is_secret
from oauth_provider.tokens import statements


@dataclass(frozen=True)
class Introspection:
    """``claims`` are the members of RFC 7662 section 2.2; None if the token is not active in this realm."""

    claims: dict[str, Any] | None


def introspect(credential: Credential, token: str, realm: Realm) -> Introspection | None:
    """Look up an access token; None if the resource server is unknown in this realm or its secret is wrong.

    Refresh tokens are never active here, so that a resource server does not accept one as an access token.
    """
    row = statements.introspect(credential.client_id, realm.sql, token, timezone.now())
    if row is None or not is_secret(credential.secret, row.secret_checksum):
        return None
    if row.client_id is None:
        return Introspection(None)
    return Introspection(
        {
            "active": True,
            "client_id": row.client_id,
            "username": row.username,
            "scope": row.scope,
            "token_type": "Bearer",
            "exp": row.expires,
            "iat": row.issued,
            "sub": str(row.user_pk),
            "iss": row.issuer,
        }
    )
