"""All routes of the portal with their arguments and the expected status for each role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

ROLES = ("anonymous", "member", "charlie", "alice", "auditor", "administrator")

# name of the route: its arguments (keys of World.arguments), statuses of GET and of POST in the order of ROLES
# fmt: off
ROWS: dict[str, tuple[dict[str, str], str, str]] = {
    "overview": ({}, "302 302 200 200 200 200", "302 405 405 405 405 405"),
    "sites": ({}, "302 404 200 200 200 200", "302 404 405 405 405 405"),
    "site_create": ({}, "302 404 200 200 403 200", "302 404 422 422 403 422"),
    "site_preview": ({}, "302 404 302 302 403 302", "302 404 200 200 403 200"),
    "sites_import": ({}, "302 404 403 403 403 200", "302 404 403 403 403 422"),
    "sites_export": ({}, "302 404 200 200 200 200", "302 404 405 405 405 405"),
    "sites_check": ({}, "302 404 302 302 403 302", "302 404 302 302 403 302"),
    "site": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "site_link": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "site_configuration": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "site_tests": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "site_activity": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "site_progress": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "site_use_base_url": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "site_edit": ({"pk": "site"}, "302 404 404 200 403 200", "302 404 404 422 403 422"),
    "site_plugins": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "site_plugins_paste": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "site_plugins_read": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "site_plugins_read_again": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "site_token_forget": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "site_archive": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "site_restore": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "link_wizard": ({"pk": "site"}, "302 404 404 200 403 200", "302 404 404 422 403 422"),
    "link_test": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "link_test_progress": ({"pk": "site"}, "302 404 404 200 403 200", "302 404 405 405 405 405"),
    "oauth_switch": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "link_rotate": ({"pk": "link"}, "302 404 404 200 403 200", "302 404 404 302 403 302"),
    "link_revoke": ({"pk": "link"}, "302 404 404 200 403 200", "302 404 404 302 403 302"),
    "site_gateway": ({"pk": "site"}, "302 404 404 200 403 200", "302 404 404 200 403 200"),
    "client_certificate": ({"pk": "site"}, "302 404 404 404 403 404", "302 404 404 404 403 404"),
    "client_certificate_remove": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 404 403 404"),
    "phone_results": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "phone_result_new": ({"pk": "site"}, "302 404 404 200 403 200", "302 404 404 422 403 422"),
    "phone_result_withdraw": ({"pk": "phone_result"}, "302 404 404 200 403 200", "302 404 404 422 403 422"),
    "check_now": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "check_runs": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "check_runs_moved": ({"pk": "site"}, "302 404 404 301 301 301", "302 404 405 405 405 405"),
    "check_runs_export": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "check_runs_compare": ({"pk": "site"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "check_run": ({"pk": "run"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "check_run_progress": ({"pk": "run"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "sweeps": ({}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "sweeps_export": ({}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "sweep_start": ({}, "302 404 404 404 403 302", "302 404 404 404 403 302"),
    "sweep": ({"pk": "sweep"}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "sweep_export": ({"pk": "sweep"}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "sweep_progress": ({"pk": "sweep"}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "sweep_pause": ({"pk": "sweep"}, "302 404 404 404 403 302", "302 404 404 404 403 302"),
    "sweep_resume": ({"pk": "sweep"}, "302 404 404 404 403 302", "302 404 404 404 403 302"),
    "configurations": ({}, "302 404 200 200 200 200", "302 404 405 405 405 405"),
    "configuration_build": ({}, "302 404 200 200 200 200", "302 404 200 200 200 200"),
    "configuration_download": ({}, "302 404 302 302 302 302", "302 404 302 302 302 302"),
    "configuration_publish": ({}, "302 404 403 403 403 302", "302 404 403 403 403 302"),
    "configuration_lint": ({}, "302 404 200 200 200 200", "302 404 422 422 422 422"),
    "configuration_release": ({"number": "release"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "troubleshooting": ({}, "302 404 200 200 200 200", "302 404 422 422 422 422"),
    "waves": ({}, "302 404 200 200 200 200", "302 404 405 405 405 405"),
    "inventories": ({}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "inventory_import": ({}, "302 404 403 403 403 200", "302 404 403 403 403 422"),
    "inventory_report": ({"pk": "report"}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "inventory_report_progress": ({"pk": "report"}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "inventory_phones": ({"product": "product"}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "inventory_export": ({"product": "product"}, "302 404 404 404 200 200", "302 404 404 404 405 405"),
    "wave_create": ({}, "302 404 403 403 403 200", "302 404 403 403 403 422"),
    "wave": ({"pk": "wave"}, "302 404 404 200 200 200", "302 404 404 403 403 400"),
    "passes": ({}, "302 404 200 200 200 200", "302 404 405 405 405 405"),
    "pass_create": ({}, "302 404 200 200 403 200", "302 404 200 200 403 200"),
    "passes_export": ({}, "302 404 200 200 200 200", "302 404 405 405 405 405"),
    "pass": ({"pk": "pass"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "pass_revoke": ({"pk": "pass"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "pass_renew": ({"pk": "pass"}, "302 404 302 302 302 302", "302 404 404 200 403 200"),
    "pass_qr": ({"pk": "pass", "kind": "kind"}, "302 404 302 302 302 302", "302 404 404 400 403 400"),
    "people": ({}, "302 404 403 403 403 200", "302 404 403 403 403 405"),
    "people_export": ({}, "302 404 403 403 403 200", "302 404 403 403 403 405"),
    "person_create": ({}, "302 404 403 403 403 200", "302 404 403 403 403 200"),
    "person": ({"pk": "person"}, "302 404 403 403 403 200", "302 404 403 403 403 200"),
    "person_sign_in_link": ({"pk": "person"}, "302 404 403 403 403 302", "302 404 403 403 403 302"),
    "person_sign_out": ({"pk": "person"}, "302 404 403 403 403 200", "302 404 403 403 403 422"),
    "phones": ({}, "302 404 403 403 403 200", "302 404 403 403 403 405"),
    "phones_export": ({}, "302 404 403 403 403 200", "302 404 403 403 403 405"),
    "phones_sign_outs": ({}, "302 404 403 403 403 200", "302 404 403 403 403 405"),
    "phones_revoke": ({}, "302 404 403 403 403 302", "302 404 403 403 403 302"),
    "phone_revoke": ({"pk": "missing"}, "302 404 403 403 403 302", "302 404 403 403 403 404"),
    "person_export": ({"pk": "person"}, "302 404 403 403 403 200", "302 404 403 403 403 405"),
    "person_erase": ({"pk": "person"}, "302 404 403 403 403 200", "302 404 403 403 403 422"),
    "my_data": ({}, "302 200 200 200 200 200", "302 405 405 405 405 405"),
    "my_passes": ({}, "302 200 200 200 200 200", "302 405 405 405 405 405"),
    "my_devices": ({}, "302 200 200 200 200 200", "302 405 405 405 405 405"),
    "device_sign_out": ({"pk": "missing"}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "devices_sign_out": ({}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "device_name": ({"pk": "missing"}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "lost_phone": ({}, "302 200 200 200 200 200", "302 200 200 200 200 200"),
    "sign_out_everywhere": ({}, "302 200 200 200 200 200", "302 422 422 422 422 422"),
    "my_notifications": ({}, "302 404 200 200 200 200", "302 404 422 422 422 422"),
    "site_follow": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 302 302"),
    "webhooks": ({}, "302 404 403 403 403 200", "302 404 403 403 403 405"),
    "webhook_create": ({}, "302 404 403 403 403 200", "302 404 403 403 403 422"),
    "webhook": ({"pk": "webhook"}, "302 404 403 403 403 200", "302 404 403 403 403 400"),
    "webhook_edit": ({"pk": "webhook"}, "302 404 403 403 403 200", "302 404 403 403 403 422"),
    "webhook_delivery": ({"pk": "delivery"}, "302 404 403 403 403 200", "302 404 403 403 403 302"),
    "landing": ({"token": "token"}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "landing_done": ({"token": "token"}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "rehearse": ({"pk": "site"}, "302 404 302 302 302 302", "302 404 404 302 403 302"),
    "rehearsal": ({"pk": "rehearsal"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "rehearsal_progress": ({"pk": "rehearsal"}, "302 404 404 200 200 200", "302 404 405 405 405 405"),
    "activity": ({}, "302 404 200 200 200 200", "302 404 403 403 200 200"),
    "activity_export": ({}, "302 404 200 200 200 200", "302 404 405 405 405 405"),
    "welcome": ({"token": "welcome"}, "200 200 200 200 200 200", "302 302 302 302 302 302"),
    "theme": ({}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "style": ({}, "302 404 200 200 200 200", "302 404 405 405 405 405"),
    "certificate_sign_in": ({}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "no_connections_page": ({}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "no_signup_page": ({}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "socialaccount_connections": ({}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "socialaccount_signup": ({}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "socialaccount_login_cancelled": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "socialaccount_login_error": ({}, "302 401 401 401 401 401", "302 405 405 405 405 405"),
    "openid_connect_login": ({"provider_id": "token"}, "404 404 404 404 404 404", "404 404 404 404 404 404"),
    "openid_connect_callback": ({"provider_id": "token"}, "404 404 404 404 404 404", "404 404 404 404 404 404"),
    "no_email_page": ({}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "account_login": ({}, "200 302 302 302 302 302", "200 302 302 302 302 302"),
    "account_logout": ({}, "302 200 200 200 200 200", "302 302 302 302 302 302"),
    "account_inactive": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "account_signup": ({}, "200 302 302 302 302 302", "200 302 302 302 302 302"),
    "account_reauthenticate": ({}, "302 403 403 403 403 403", "302 403 403 403 403 403"),
    "account_email": ({}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "account_email_verification_sent": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "account_change_password": ({}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "account_set_password": ({}, "302 200 200 200 200 200", "302 200 200 200 200 200"),
    "account_reset_password": ({}, "200 200 200 200 200 200", "200 200 200 200 200 200"),
    "account_confirm_login_code": ({}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "account_confirm_email": ({"key": "token"}, "200 200 200 200 200 200", "404 404 404 404 404 404"),
    "account_reset_password_from_key_done": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "account_reset_password_from_key": (
        {"uidb36": "token", "key": "token"}, "200 200 200 200 200 200", "200 200 200 200 200 200",
    ),
    "account_reset_password_done": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "mfa_index": ({}, "302 200 200 200 200 200", "302 405 405 405 405 405"),
    "mfa_authenticate": ({}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "mfa_reauthenticate": ({}, "302 403 403 403 403 403", "302 403 403 403 403 403"),
    "mfa_list_webauthn": ({}, "302 200 200 200 200 200", "302 405 405 405 405 405"),
    "mfa_add_webauthn": ({}, "302 200 200 200 200 200", "302 200 200 200 200 200"),
    "mfa_reauthenticate_webauthn": ({}, "302 403 403 403 403 403", "302 403 403 403 403 403"),
    "mfa_remove_webauthn": ({"pk": "site"}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "mfa_edit_webauthn": ({"pk": "site"}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "mfa_login_webauthn": ({}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "usersession_sign_out": ({"pk": "site"}, "302 302 302 302 302 302", "302 302 302 302 302 302"),
    "usersessions_list": ({}, "302 200 200 200 200 200", "302 302 302 302 302 302"),
    "mfa_activate_totp": ({}, "302 200 200 200 200 200", "302 200 200 200 200 200"),
    "mfa_deactivate_totp": ({}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "mfa_view_recovery_codes": ({}, "302 404 404 404 404 404", "302 405 405 405 405 405"),
    "mfa_generate_recovery_codes": ({}, "302 200 200 200 200 200", "302 200 200 200 200 200"),
    "mfa_download_recovery_codes": ({}, "302 404 404 404 404 404", "302 404 404 404 404 404"),
    "api:openapi-json": ({}, "200 200 200 200 200 200", "200 200 200 200 200 200"),
    "api:openapi-view": ({}, "302 200 200 200 200 200", "302 200 200 200 200 200"),
    "api:list_sites": ({}, "401 404 200 200 200 200", "401 400 400 400 400 400"),
    "api:create_site": ({}, "401 404 200 200 200 200", "401 400 400 400 400 400"),
    "api:get_site": ({"site_id": "site"}, "401 404 404 200 200 200", "405 405 405 405 405 405"),
    "api:change_site": ({"site_id": "site"}, "401 404 404 200 200 200", "405 405 405 405 405 405"),
    "api:check_site": ({"site_id": "site"}, "405 405 405 405 405 405", "401 404 404 202 403 202"),
    "api:get_check_run": ({"run_id": "run"}, "401 404 404 200 200 200", "405 405 405 405 405 405"),
    "api:current": ({}, "401 404 404 200 200 200", "405 405 405 405 405 405"),
    "api:api-root": ({}, "404 404 404 404 404 404", "404 404 404 404 404 404"),
    "healthz": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "readyz": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "metrics": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "provided_site": ({"slug": "slug"}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "provided_status": ({"slug": "slug"}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "provided_manifest": ({"slug": "slug"}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "provided_info_login_1_0": ({"slug": "slug"}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "provided_info_login": ({"slug": "slug"}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "provided_authorize": ({"slug": "slug"}, "302 400 400 400 400 400", "302 400 400 400 400 400"),
    "provided_token": ({"slug": "slug"}, "405 405 405 405 405 405", "400 400 400 400 400 400"),
    "provided_revoke": ({"slug": "slug"}, "405 405 405 405 405 405", "400 400 400 400 400 400"),
    "provided_introspect": ({"slug": "slug"}, "405 405 405 405 405 405", "400 400 400 400 400 400"),
    "provided_introspect_status": ({"slug": "slug"}, "405 405 405 405 405 405", "400 400 400 400 400 400"),
    "provided_metadata_below": ({"slug": "slug"}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "provided_metadata": ({"slug": "slug"}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "oauth2_provider:authorize": ({}, "302 400 400 400 400 400", "302 400 400 400 400 400"),
    "oauth2_provider:token": ({}, "405 405 405 405 405 405", "400 400 400 400 400 400"),
    "oauth2_provider:revoke-token": ({}, "405 405 405 405 405 405", "400 400 400 400 400 400"),
    "oauth2_provider:introspect": ({}, "405 405 405 405 405 405", "400 400 400 400 400 400"),
    "oauth2_provider:introspect-status": ({}, "405 405 405 405 405 405", "400 400 400 400 400 400"),
    "oauth2_provider:oauth-server-metadata-below": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
    "oauth2_provider:oauth-server-metadata": ({}, "200 200 200 200 200 200", "405 405 405 405 405 405"),
}
# fmt: on


@dataclass(frozen=True)
class World:
    """One object of each kind on a site of alice's; ``arguments`` are the URL arguments by name."""

    arguments: dict[str, Any]
    clients: dict[str, Client]

    def url(self, name: str, **changes: Any) -> str:
        """Return the URL of a route for the objects of this world."""
        arguments = {key: self.arguments[value] for key, value in ROWS[name][0].items()}
        return reverse(name, kwargs={**arguments, **changes})


def routes() -> Iterator[str]:
    """Yield the name of each route with its namespaces, or its pattern if it has no name."""

    def walk(patterns: list[Any], namespace: str, prefix: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern.url_patterns, inner, prefix + str(pattern.pattern))
            elif isinstance(pattern, URLPattern):
                yield f"{namespace}{pattern.name}" if pattern.name else prefix + str(pattern.pattern)

    yield from walk(get_resolver().url_patterns, "", "")
