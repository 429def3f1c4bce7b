"""The OAUTH2_PROVIDER settings, each with its reason."""

from __future__ import annotations

from typing import Any

from .redirects import ALLOWED_SCHEMES

APPLICATION_MODEL = "oauth_provider.Client"  # Django's setting OAUTH2_PROVIDER_APPLICATION_MODEL


def oauth2_provider_settings(*, issuer: str, admin: str) -> dict[str, Any]:
    """Return django-oauth-toolkit's settings for native apps.

    ``issuer`` is the absolute URL of this server; ``admin`` the module of its classes in Django admin.
    """
    return {
        # The issuer is fixed: derived from the Host header, two addresses of one server would disagree (RFC 8414 3.3).
        "OIDC_ISS_ENDPOINT": issuer,
        "OIDC_ENABLED": False,
        # Only code and refresh exist in this server class: no implicit, password, client credentials or device grant.
        "OAUTH2_SERVER_CLASS": "oauth_provider.endpoints.server.NativeAppServer",
        "OAUTH2_VALIDATOR_CLASS": "oauth_provider.validators.NativeAppValidator",
        "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "refresh_token"],
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": ["none"],  # an app cannot keep a secret (RFC 8252 8.5)
        # Clients come from application links only.
        "DCR_ENABLED": False,
        "CIMD_ENABLED": False,
        "SCOPES_BACKEND_CLASS": "oauth_provider.scopes.AppScopes",
        # Lifetimes as Confluence documents them; seconds.
        "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
        "REFRESH_TOKEN_EXPIRE_SECONDS": 7_776_000,
        # Confluence documents 10. A phone that changes from Wi-Fi to mobile in this moment needs more; 60 is the most
        # that careful servers give.
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": 30,
        # A stolen refresh token shows itself: it rotates, and using an old one ends the whole family (RFC 9700 4.14.2).
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,  # cannot go together with hashed storage
        # Another app may own the same scheme on a phone: ask every time (RFC 8252 8.6).
        "REQUEST_APPROVAL_PROMPT": "force",
        "PKCE_REQUIRED": True,
        "ALLOWED_REDIRECT_URI_SCHEMES": list(ALLOWED_SCHEMES),
        "ALLOW_URI_WILDCARDS": False,
        "ALLOW_LOCALHOST_LOOPBACK": False,
        # Django admin shows no part of a credential and makes none.
        "APPLICATION_ADMIN_CLASS": f"{admin}.ClientAdmin",
        "GRANT_ADMIN_CLASS": f"{admin}.GrantAdmin",
        "ACCESS_TOKEN_ADMIN_CLASS": f"{admin}.AccessTokenAdmin",
        "REFRESH_TOKEN_ADMIN_CLASS": f"{admin}.RefreshTokenAdmin",
        # RFC 9700 throughout: behaviour first, then what `check --deploy` holds the settings above to.
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
