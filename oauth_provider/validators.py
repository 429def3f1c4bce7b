"""Where django-oauth-toolkit's answers are made stricter."""

from __future__ import annotations

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError


class NativeAppValidator(OAuth2Validator):
    """A person who was deactivated gets nothing; another redirect URI than the code's is ``invalid_grant``.

    That a client exists only in its own realm is ``Client.is_usable``, which the base class asks at every look-up.
    """

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        return super().validate_code(client_id, code, client, request, *args, **kwargs) and request.user.is_active

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        valid = super().validate_refresh_token(refresh_token, client, request, *args, **kwargs)
        return valid and request.user.is_active

    def validate_bearer_token(self, token: str, scopes: list[str], request: Any) -> bool:
        return super().validate_bearer_token(token, scopes, request) and request.user.is_active

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """RFC 6749 section 5.2: a redirect URI that does not match the code's is ``invalid_grant``."""
        if not super().confirm_redirect_uri(client_id, code, redirect_uri, client, *args, **kwargs):
            raise InvalidGrantError(description="redirect_uri is not the one of the authorization request.")
        return True
