"""The OAUTH2_PROVIDER settings of django-oauth-toolkit, each with its reason."""

from __future__ import annotations

from typing import Any

from .redirects import ALLOWED_SCHEMES

APPLICATION_MODEL = "oauth_provider.Client"  # Django's setting OAUTH2_PROVIDER_APPLICATION_MODEL


def oauth2_provider_settings(*, issuer: str, admin: str) -> dict[str, Any]:
    """Return django-oauth-toolkit's settings for native apps.

    ``issuer`` is the absolute URL of this server, ``admin`` the module with its Django admin classes.
    """
    return {
        # Fixed: an issuer from the Host header would differ between two host names of one server (RFC 8414 3.3).
        "OIDC_ISS_ENDPOINT": issuer,
        "OIDC_ENABLED": False,
        # This server class has only the code and refresh grants: no implicit, password, client credentials or device.
        "OAUTH2_SERVER_CLASS": "oauth_provider.endpoints.server.NativeAppServer",
        "OAUTH2_VALIDATOR_CLASS": "oauth_provider.validators.NativeAppValidator",
        "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "refresh_token"],
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": ["none"],  # an app cannot keep a secret (RFC 8252 8.5)
        # Only application links create clients.
        "DCR_ENABLED": False,
        "CIMD_ENABLED": False,
        "SCOPES_BACKEND_CLASS": "oauth_provider.scopes.AppScopes",
        # Lifetimes as Confluence documents them; seconds.
        "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
        "REFRESH_TOKEN_EXPIRE_SECONDS": 7_776_000,
        # Confluence documents 10, which is too short for a phone that switches from Wi-Fi to mobile. Strict servers
        # allow at most 60.
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": 30,
        # Rotation detects a stolen refresh token: using an old one revokes the family (RFC 9700 4.14.2).
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,  # not compatible with hashed storage
        # Another app on the phone may have registered the same scheme, so ask for consent every time (RFC 8252 8.6).
        "REQUEST_APPROVAL_PROMPT": "force",
        "PKCE_REQUIRED": True,
        "ALLOWED_REDIRECT_URI_SCHEMES": list(ALLOWED_SCHEMES),
        "ALLOW_URI_WILDCARDS": False,
        "ALLOW_LOCALHOST_LOOPBACK": False,
        # These Django admin classes neither show nor create credentials.
        "APPLICATION_ADMIN_CLASS": f"{admin}.ClientAdmin",
        "GRANT_ADMIN_CLASS": f"{admin}.GrantAdmin",
        "ACCESS_TOKEN_ADMIN_CLASS": f"{admin}.AccessTokenAdmin",
        "REFRESH_TOKEN_ADMIN_CLASS": f"{admin}.RefreshTokenAdmin",
        # RFC 9700: behavior first, then the rules that `check --deploy` applies to the settings above.
        "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
        "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
        "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,  # S256 only
        "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,  # never in a URL
        "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
        "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # SHA-256 only
        "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
        "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
        "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
        "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
    }
