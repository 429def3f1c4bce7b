"""The oauthlib server: its grants, and the part of a request that it receives."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauthlib.common import Request, urlencode
from oauthlib.oauth2 import WebApplicationServer
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from oauth_provider.realms import META_KEY, realm_of
from oauth_provider.tokens import pkce

# Parameters that are passed to oauthlib; all others are ignored (RFC 6749 sections 3.1 and 3.2).
KNOWN = frozenset({
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
})  # fmt: skip


def require_s256(request: Request) -> dict[str, Any]:
    """Require a well-formed challenge with method S256 before consent (RFC 7636 sections 4.2 to 4.4.1)."""
    if not request.code_challenge:
        raise InvalidRequestError(description="Missing code_challenge parameter.", request=request)
    if request.code_challenge_method != pkce.METHOD:
        raise InvalidRequestError(description="code_challenge_method must be S256.", request=request)
    if not pkce.is_challenge(request.code_challenge):
        raise InvalidRequestError(description="code_challenge must be 43 base64url characters.", request=request)
    return {}


class NativeAppServer(WebApplicationServer):
    """Server with the authorization code grant and PKCE; ``redemption`` redeems the codes."""

    def __init__(self, request_validator: Any, **kwargs: Any) -> None:
        super().__init__(request_validator, **kwargs)
        self.auth_grant.custom_validators.pre_auth.append(require_s256)


class NativeAppCore(OAuthLibCore):
    """Passes the strictly parsed parameters (``request.oauth_parameters``) and the realm to oauthlib."""

    def _extract_params(self, request: HttpRequest) -> tuple[str, str, str, dict[str, Any]]:
        """Return path, method, form body and headers; the request's own query string and headers are left out."""
        parameters: dict[str, str] = request.oauth_parameters  # type: ignore[attr-defined]
        known = [(name, value) for name, value in parameters.items() if name in KNOWN]
        return request.path, request.method or "", urlencode(known), {META_KEY: realm_of(request.META)}
