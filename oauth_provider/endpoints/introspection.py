"""Whether an access token is alive, for the resource servers of its realm (RFC 7662)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from oauth_provider.realms import Realm
from oauth_provider.resource_servers import Credential, is_secret
from oauth_provider.tokens import statements


@dataclass(frozen=True)
class Introspection:
    """``facts`` are those of RFC 7662 section 2.2; None for every token that is not alive here, whatever it is."""

    facts: dict[str, Any] | None


def introspect(credential: Credential, token: str, realm: Realm) -> Introspection | None:
    """Return what is to be told of ``token``; None when this resource server does not exist in this realm.

    Only access tokens are ever alive: a resource server that is shown a refresh token must not let it through.
    """
    asked = statements.introspect(credential.client_id, realm.sql, token, timezone.now())
    if asked is None or not is_secret(credential.secret, asked.secret_checksum):
        return None
    if asked.client_id is None:
        return Introspection(None)
    return Introspection(
        {
            "active": True,
            "client_id": asked.client_id,
            "username": asked.username,
            "scope": asked.scope,
            "token_type": "Bearer",
            "exp": asked.expires,
            "iat": asked.issued,
            "sub": str(asked.user_pk),
            "iss": asked.issuer,
        }
    )
