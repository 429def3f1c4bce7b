"""URLs of a hosted site, below its base URL."""

from django.urls import path

from . import site_facts, views

urlpatterns = [
    path("", views.home, name="provided_site"),
    path("status", site_facts.status, name="provided_status"),
    path("rest/applinks/1.0/manifest", site_facts.manifest, name="provided_manifest"),
    path("rest/nativemobile/1.0/info/login", site_facts.info_login, {"version": "1.0"}, name="provided_info_login_1_0"),
    path("rest/nativemobile/1.1/info/login", site_facts.info_login, {"version": "1.1"}, name="provided_info_login"),
    path("rest/oauth2/latest/authorize", views.authorize, name="provided_authorize"),
    path("rest/oauth2/latest/token", views.token, name="provided_token"),
    path("rest/oauth2/latest/revoke", views.revoke, name="provided_revoke"),
    path("rest/oauth2/latest/introspect", views.introspect, name="provided_introspect"),
    path("rest/oauth2/latest/introspect/status", views.introspect_status, name="provided_introspect_status"),
    path("rest/oauth2/latest/.well-known/oauth-authorization-server", views.metadata, name="provided_metadata_below"),
]
