"""URLs of the provider: the same paths as in Confluence, and the metadata.

Names and namespace are those that django-oauth-toolkit reverses. Its views for application management, dynamic
registration, devices and OpenID Connect are left out.
"""

from __future__ import annotations

from django.urls import path

from oauth_provider.endpoints.authorize import authorize
from oauth_provider.endpoints.metadata import metadata

from .endpoints import machine

app_name = "oauth2_provider"

WELL_KNOWN = ".well-known/oauth-authorization-server"
urlpatterns = [
    path("rest/oauth2/latest/authorize", authorize, name="authorize"),
    path("rest/oauth2/latest/token", machine.token, name="token"),
    path("rest/oauth2/latest/revoke", machine.revoke, name="revoke-token"),
    path("rest/oauth2/latest/introspect", machine.introspect, name="introspect"),
    path("rest/oauth2/latest/introspect/status", machine.introspect_status, name="introspect-status"),
    path(f"rest/oauth2/latest/{WELL_KNOWN}", metadata, name="oauth-server-metadata-below"),
    path(WELL_KNOWN, metadata, name="oauth-server-metadata"),
]
