"""docs/privacy.md names every field that holds personal data.

A new text field, IP address or reference to a person has to be named there, or below as one that holds none.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps
from django.db import models

from portal.accounts.person_data import TEXTS
from portal.models import User

TEXT = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()
NAMED = set(re.findall(r"`(\w+\.\w+\.\w+)`", TEXT))
COLUMNS = (models.CharField, models.TextField, models.GenericIPAddressField, models.JSONField)

# Texts about sites, software and work, and secrets that name no one.
NOT_PERSONAL = {
    "account.EmailConfirmation": "key",
    "admin.LogEntry": "object_id",
    "auth.Group": "name",
    "auth.Permission": "name codename",
    "contenttypes.ContentType": "app_label model",
    "oauth2_provider.AccessToken": "token token_checksum scope resource",
    "oauth2_provider.DeviceGrant": "device_code user_code scope client_id",
    "oauth2_provider.Grant": "code redirect_uri scope code_challenge nonce claims resource",
    "oauth2_provider.IDToken": "scope",
    "oauth2_provider.RefreshToken": "token token_checksum resource",
    "oauth_provider.Client": "client_id redirect_uris post_logout_redirect_uris name allowed_origins client_secret",
    "oauth_provider.RateCount": "name",
    "oauth_provider.RemovedClient": "client_id",
    "oauth_provider.ResourceServer": "name issuer client_id secret_checksum",
    "oauth_provider.SignOut": "client_id refresh_tokens",
    "portal.ApiToken": "digest scopes",
    "portal.SignInLink": "digest",
    "rollout.AppInventory": "needed versions",
    "rollout.ApplicationLink": "client_id redirect_url permission",
    "rollout.AuditEvent": "action target_type previous_hash hash key_id actor_digest target_digest",
    "rollout.AuditHead": "hash signature",
    "rollout.AuditPersonalData": "actor_salt target_salt",
    "rollout.CheckRun": (
        "host lease failure observation was_mdm_verdict was_non_mdm_verdict matrix evaluated_findings"
    ),
    "rollout.ConfigurationRelease": "site_list digest console",
    "rollout.EnrollmentPass": "token_digest",
    "rollout.InventoryImport": "failure report",
    "rollout.InventoryPhone": "version",
    "rollout.MatrixEdition": "source",
    "rollout.MatrixLine": "source redirect_url app since below server oauth_plugin mobile_plugin unclear",
    "rollout.Notice": "subject details",
    "rollout.NotificationPreference": "kinds",
    "rollout.PhoneResult": "ios_version app_version base_url server_version",
    "rollout.ProbeHost": "host lease",
    "rollout.Rehearsal": "failure stopped_at steps",
    "rollout.SignIn": "client_id",
    "rollout.Site": "title base_url slug oauth_plugin_version mobile_plugin_version ca_bundle server_version",
    "rollout.SiteCertificate": "sealed issuer fingerprint",
    "rollout.SiteCredential": "token",
    "rollout.Sweep": "summary",
    "rollout.Webhook": "name url kinds secret old_secret paused_because",
    "rollout.WebhookDelivery": "event body attempts",
    "sessions.Session": "session_key",
    "socialaccount.SocialAccount": "provider",
    "socialaccount.SocialApp": "provider provider_id name client_id secret key settings",
    "socialaccount.SocialToken": "token token_secret",
    "usersessions.UserSession": "session_key",
}


def fields() -> set[str]:
    """Every field that may hold personal data: texts without choices, addresses, and references to people."""
    found = set()
    for model in apps.get_models():
        for field in (*model._meta.concrete_fields, *model._meta.local_many_to_many):
            is_text = isinstance(field, COLUMNS) and not field.choices
            if is_text or getattr(field.remote_field, "model", None) is User:
                found.add(f"{model._meta.label}.{field.name}")
    return found


def test_every_field_is_named_or_holds_no_personal_data() -> None:
    not_personal = {f"{model}.{name}" for model, names in NOT_PERSONAL.items() for name in names.split()}
    assert fields() - NAMED - not_personal == set()
    assert not_personal - fields() == set()
    assert not_personal & NAMED == set()


def test_every_named_field_exists() -> None:
    existing = {
        f"{model._meta.label}.{field.name}" for model in apps.get_models() for field in model._meta.get_fields()
    }
    assert NAMED - existing == set()


def test_every_address_and_name_is_among_them() -> None:
    for name in ("portal.User.email", "portal.User.first_name", "oauth_provider.Device.address",
                 "usersessions.UserSession.ip", "rollout.AuditPersonalData.address"):  # fmt: skip
        assert name in NAMED


def test_texts_that_erasure_searches_are_named() -> None:
    assert {f"{model._meta.label}.{field}" for model, field in TEXTS} - NAMED == set()


def test_named_settings_exist() -> None:
    settings = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
    for name in re.findall(r"`([A-Z]+_[A-Z_]+)`", TEXT):
        assert f"### {name}\n" in settings, name
