"""Connects our views with oauthlib: which grants exist, and what of a request reaches them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauthlib.common import Request, urlencode
from oauthlib.oauth2 import WebApplicationServer
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from oauth_provider.realms import META_KEY, realm_of
from oauth_provider.tokens import pkce

# What oauthlib gets to see; every other parameter is ignored (RFC 6749 sections 3.1 and 3.2).
KNOWN = frozenset({
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
})  # fmt: skip


def require_s256(request: Request) -> dict[str, Any]:
    """Before consent: a challenge of the right shape, method S256 and no other (RFC 7636 sections 4.2 to 4.4.1)."""
    if not request.code_challenge:
        raise InvalidRequestError(description="Code challenge required.", request=request)
    if request.code_challenge_method != pkce.METHOD:
        raise InvalidRequestError(description="code_challenge_method must be S256.", request=request)
    if not pkce.is_challenge(request.code_challenge):
        raise InvalidRequestError(description="code_challenge is not 43 characters of base64url.", request=request)
    return {}


class NativeAppServer(WebApplicationServer):
    """Authorization code with PKCE; what becomes of a code afterwards is ``redemption``'s."""

    def __init__(self, request_validator: Any, **kwargs: Any) -> None:
        super().__init__(request_validator, **kwargs)
        self.auth_grant.custom_validators.pre_auth.append(require_s256)


class NativeAppCore(OAuthLibCore):
    """Hands oauthlib the parameters that the view read strictly (``request.oauth_parameters``), and the realm."""

    def _extract_params(self, request: HttpRequest) -> tuple[str, str, str, dict[str, Any]]:
        """Return path, method, form body and headers. Nothing else of the request gets through: no query, no header."""
        parameters: dict[str, str] = request.oauth_parameters  # type: ignore[attr-defined]
        known = [(name, value) for name, value in parameters.items() if name in KNOWN]
        return request.path, request.method or "", urlencode(known), {META_KEY: realm_of(request.META)}
