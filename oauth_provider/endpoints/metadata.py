"""Authorization server metadata (RFC 8414)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from oauth_provider.realms import realm_of
from oauth_provider.scopes import APP_SCOPE
from oauth_provider.tokens.pkce import METHOD


@login_not_required
@require_safe
def metadata(request: HttpRequest) -> JsonResponse:
    """Return the metadata of the realm: only what the endpoints support."""
    realm = realm_of(request.META)
    document = {
        "issuer": realm.issuer,
        "authorization_endpoint": f"{realm.endpoints}/authorize",
        "token_endpoint": f"{realm.endpoints}/token",
        "revocation_endpoint": f"{realm.endpoints}/revoke",
        "scopes_supported": [APP_SCOPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": [METHOD],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint": f"{realm.endpoints}/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }
    return JsonResponse(document, headers={"Access-Control-Allow-Origin": "*"})
