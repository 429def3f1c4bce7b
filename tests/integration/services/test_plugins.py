"""Plugin versions: entered, pasted or read, each with source and date; tokens are stored only where expected."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from rollout.formats.upm import OAUTH_KEY
from rollout.models import AuditEvent, CheckRun, Notice, PluginSource, Site, SiteCredential
from rollout.services import plugins, vault
from rollout.services.sites import update_site
from tests.support.evaluated import evaluate
from tests.support.plugin_manager import ANSWER, MOBILE, TOKEN, Manager


@pytest.fixture
def manager() -> Iterator[Manager]:
    server = Manager()
    yield server
    server.stop()


@pytest.fixture
def site(make_site, manager: Manager, alice) -> Site:
    return make_site([alice], title="Wiki", base_url=f"{manager.url}/wiki")


def columns(site: Site) -> tuple[Any, ...]:
    site.refresh_from_db()
    return (
        site.oauth_plugin_version, site.oauth_plugin_enabled, site.mobile_plugin_version, site.mobile_plugin_enabled,
        site.plugin_versions_source,
    )  # fmt: skip


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("number").values_list("action", flat=True))


def everything_stored() -> str:
    """Return the text of all tables, concatenated."""
    with connection.cursor() as cursor:
        return "\n".join(
            str(row)
            for table in connection.introspection.table_names()
            for row in (cursor.execute(f'SELECT * FROM "{table}"'), cursor.fetchall())[1]
        )


def test_it_works(site, alice, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    kept = plugins.read_versions(actor=alice, site=site, token=f" {TOKEN}\n", keep=False)
    assert columns(site) == ("4.1.1", True, "19.1.47", False, PluginSource.UPM_TOKEN)
    assert kept.missing == ()
    assert (timezone.now() - site.plugin_versions_at) < timedelta(minutes=1)
    assert site.check_runs.get().trigger == CheckRun.Trigger.EDITED
    assert actions() == ["plugins.read", "check.requested"]
    assert TOKEN not in everything_stored()
    assert TOKEN not in caplog.text


def test_a_plugin_missing_in_the_text_is_not_changed(site, alice) -> None:
    plugins.enter_versions(actor=alice, site=site, oauth_plugin_version="4.0", mobile_plugin_version="19.0")
    assert columns(site) == ("4.0", None, "19.0", None, PluginSource.MANUAL)
    kept = plugins.paste_versions(actor=alice, site=site, text=json.dumps(ANSWER))
    assert columns(site) == ("4.1.1", True, "19.0", None, PluginSource.UPM_JSON)
    assert kept.missing == ("mobile",)
    assert actions().count("plugins.entered") == 2


def test_entering_versions_resets_the_enabled_state(site, alice) -> None:
    plugins.paste_versions(actor=alice, site=site, text=json.dumps([ANSWER, MOBILE]))
    update_site(actor=alice, site=site, oauth_plugin_version="4.2")
    assert columns(site) == ("4.2", None, "19.1.47", False, PluginSource.MANUAL)


def test_unchanged_versions_only_update_the_date(site, alice) -> None:
    plugins.paste_versions(actor=alice, site=site, text=json.dumps(ANSWER))
    CheckRun.objects.all().delete()
    Site.objects.update(plugin_versions_at=timezone.now() - timedelta(days=30), mdm_verdict="READY_MDM")
    plugins.paste_versions(actor=alice, site=site, text=json.dumps(ANSWER))
    site.refresh_from_db()
    assert timezone.now() - site.plugin_versions_at < timedelta(minutes=1)
    assert site.mdm_verdict == "READY_MDM"
    assert not CheckRun.objects.exists()


def test_the_history_shows_how_new_versions_changed_the_verdict(site, alice) -> None:
    plugins.enter_versions(actor=alice, site=site, oauth_plugin_version="4.0", mobile_plugin_version="19.1.47")
    site.refresh_from_db()
    assert evaluate(site).mdm_verdict == "INCOMPATIBLE"

    plugins.enter_versions(actor=alice, site=site, oauth_plugin_version="4.1.1", mobile_plugin_version="19.1.47")
    site.refresh_from_db()
    flip = evaluate(site)

    assert (flip.was_mdm_verdict, flip.mdm_verdict) == ("INCOMPATIBLE", "READY_MDM")
    assert Notice.objects.get().details["was"][0] == "INCOMPATIBLE"


@pytest.mark.parametrize("by", ["plugins", "site"])
def test_new_versions_without_an_effect_are_not_a_change(site, alice, by: str) -> None:
    plugins.enter_versions(actor=alice, site=site, oauth_plugin_version="4.1.1", mobile_plugin_version="19.1.47")
    site.refresh_from_db()
    evaluate(site)

    if by == "plugins":
        plugins.enter_versions(actor=alice, site=site, oauth_plugin_version="4.1.2", mobile_plugin_version="19.1.48")
    else:
        update_site(actor=alice, site=site, oauth_plugin_version="4.1.2", mobile_plugin_version="19.1.48")
    site.refresh_from_db()
    assert site.check_runs.first().state == "queued"
    assert evaluate(site).changed_at is None

    assert (site.mdm_verdict, site.non_mdm_verdict) == ("READY_MDM", "READY_NON_MDM")
    assert not Notice.objects.exists()


@pytest.mark.parametrize("text", ["", "<html>", "{}", '{"key": 1, "key": 2}', "[" * 50_000])
def test_invalid_text_changes_nothing(site, alice, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        plugins.paste_versions(actor=alice, site=site, text=text)
    assert list(caught.value.message_dict) == ["text"]
    assert columns(site) == ("", None, "", None, "")
    assert actions() == []


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "302 Found", "404 Not Found", "500 Oops"])
def test_a_token_that_fails_is_not_stored(site, alice, manager, status: str) -> None:
    manager.status = status
    with pytest.raises(ValidationError) as caught:
        plugins.read_versions(actor=alice, site=site, token=TOKEN, keep=True)
    assert TOKEN not in str(caught.value)
    assert not SiteCredential.objects.exists()
    assert actions() == []


def test_a_site_without_the_plugins_is_reported(site, alice, manager) -> None:
    manager.plugins = {"": {"plugins": [{"key": "com.example", "version": "1.0"}]}}
    with pytest.raises(ValidationError, match="lists neither"):
        plugins.read_versions(actor=alice, site=site, token=TOKEN, keep=True)
    assert not SiteCredential.objects.exists()


def test_a_stored_token_is_encrypted(site, alice) -> None:
    plugins.read_versions(actor=alice, site=site, token=TOKEN, keep=True)
    row = SiteCredential.objects.get()
    assert (row.stored_by, row.refused_at) == (alice, None)
    assert TOKEN not in everything_stored()
    assert json.loads(vault.open_(row.token)) == {"token": TOKEN, "base_url": site.base_url}
    assert actions() == ["plugins.read", "check.requested", "credential.stored"]


def test_without_a_key_no_request_is_sent_and_no_token_stored(site, alice, manager, settings) -> None:
    settings.CREDENTIAL_KEYS = []
    with pytest.raises(ValidationError) as caught:
        plugins.read_versions(actor=alice, site=site, token=TOKEN, keep=True)
    assert "CREDENTIAL_KEYS" in str(caught.value.message_dict["keep"])
    assert manager.requests == []


@pytest.fixture
def stored(site, alice, manager) -> SiteCredential:
    """A token that was stored yesterday."""
    plugins.read_versions(actor=alice, site=site, token=TOKEN, keep=True)
    SiteCredential.objects.update(last_used_at=timezone.now() - timedelta(days=1, minutes=1))
    CheckRun.objects.all().delete()
    manager.requests.clear()
    return SiteCredential.objects.get()


def test_due_tokens_are_used_once_a_day(stored, site, manager) -> None:
    manager.plugins[OAUTH_KEY] = {**ANSWER, "version": "4.1.2", "enabled": False}
    assert plugins.read_due_versions() == 1
    assert columns(site)[:2] == ("4.1.2", False)
    assert AuditEvent.objects.filter(action="plugins.read", actor=None).count() == 1
    asked = len(manager.requests)
    assert plugins.read_due_versions() == 0
    assert len(manager.requests) == asked


def test_archived_sites_are_skipped(stored, site, manager) -> None:
    Site.objects.update(archived_at=timezone.now())
    assert plugins.read_due_versions() == 0
    assert manager.requests == []


def test_a_rejected_token_is_not_used_again(stored, site, manager, alice) -> None:
    manager.status = "401 Unauthorized"
    assert plugins.read_due_versions() == 0
    stored.refresh_from_db()
    assert stored.refused_at is not None
    assert actions()[-1] == "credential.refused"
    SiteCredential.objects.update(last_used_at=timezone.now() - timedelta(days=9))
    manager.requests.clear()
    assert plugins.read_due_versions() == 0
    assert plugins.read_with_stored_token(actor=alice, site=site) is None
    assert manager.requests == []


def test_an_unreachable_site_is_retried_the_next_day(stored, site, manager) -> None:
    manager.status = "503 Service Unavailable"
    assert plugins.read_due_versions() == 0
    stored.refresh_from_db()
    assert stored.refused_at is None
    assert columns(site)[0] == "4.1.1"


def test_a_changed_base_url_removes_the_token(stored, site, alice, manager) -> None:
    update_site(actor=alice, site=site, base_url="https://elsewhere.example.com")
    assert not SiteCredential.objects.exists()
    assert "credential.removed" in actions()


def test_a_token_of_another_base_url_is_not_sent(stored, site, alice, manager) -> None:
    Site.objects.update(base_url=f"{manager.url}/other")
    site.refresh_from_db()
    with pytest.raises(ValidationError, match="another base URL"):
        plugins.read_with_stored_token(actor=alice, site=site)
    assert manager.requests == []
    assert not SiteCredential.objects.exists()


def test_a_missing_key_is_reported_and_the_token_kept(stored, site, alice, settings) -> None:
    settings.CREDENTIAL_KEYS = ["b3RoZXIgdGVzdHMgb25seSAgICAgICAgICAgICAgICA="]
    with pytest.raises(ValidationError, match="cannot be decrypted"):
        plugins.read_with_stored_token(actor=alice, site=site)
    assert SiteCredential.objects.filter(refused_at=None).exists()


def test_a_token_can_be_removed(stored, site, alice) -> None:
    assert plugins.remove_token(actor=alice, site=site)
    assert not plugins.remove_token(actor=alice, site=site)
    assert actions().count("credential.removed") == 1


def test_versions_of_a_hosted_site_cannot_be_changed(make_site, alice) -> None:
    provided = make_site([alice], provider="gatepass", slug="pilot", base_url="http://127.0.0.1:8000/at/pilot")
    with pytest.raises(ValidationError):
        plugins.paste_versions(actor=alice, site=provided, text=json.dumps(ANSWER))
