"""Where django-oauth-toolkit's answers are made stricter."""

from __future__ import annotations

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator

from .realms import realm_of
from .tokens import statements


class NativeAppValidator(OAuth2Validator):
    """Codes are stored as digests; a person who was deactivated gets nothing for an access token.

    That a client exists only in its own realm is ``Client.is_usable``, which the base class asks at every look-up.
    Codes and refresh tokens are redeemed in ``redemption``, not here.
    """

    def _load_application(self, client_id: str, request: Any) -> Any:
        """Once for one request of a person, of which oauthlib makes two."""
        clients = realm_of(request.headers).clients
        if request.client is None:
            request.client = clients.get(client_id) or statements.client(client_id)
        client = clients[client_id] = super()._load_application(client_id, request)
        return client

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Its method is S256, or the request would not have come here (``server.require_s256``)."""
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
        return super().validate_bearer_token(token, scopes, request) and request.user.is_active
