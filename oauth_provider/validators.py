"""Stricter request validation for django-oauth-toolkit."""

from __future__ import annotations

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator

from .realms import realm_of
from .tokens import statements


class NativeAppValidator(OAuth2Validator):
    """Stores codes as digests, and rejects access tokens of deactivated people.

    ``Client.is_usable``, which the base class calls at every look-up, limits a client to its realm. ``redemption``
    redeems codes and refresh tokens.
    """

    def _load_application(self, client_id: str, request: Any) -> Any:
        """Load the client once per HTTP request: oauthlib validates each one twice."""
        clients = realm_of(request.headers).clients
        if request.client is None:
            request.client = clients.get(client_id) or statements.client(client_id)
        client = clients[client_id] = super()._load_application(client_id, request)
        return client

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Store the code. The challenge method is S256: ``server.require_s256`` has checked it."""
        statements.save_code(
            statements.Code(
                text=code["code"],
                client=request.client,
                user=request.user,
                redirect_uri=request.redirect_uri,
                scope=" ".join(request.scopes),
                challenge=request.code_challenge,
            )
        )

    def validate_bearer_token(self, token: str, scopes: list[str], request: Any) -> bool:
        """Return whether the token is valid and its person active."""
        return super().validate_bearer_token(token, scopes, request) and request.user.is_active
