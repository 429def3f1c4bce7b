"""Creating, changing and archiving sites."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from rollout.models import AuditEvent, CheckRun, Site
from rollout.services.sites import archive_site, create_site, restore_site, update_site

pytestmark = pytest.mark.django_db


def test_it_works(administrator, alice):
    site = create_site(
        actor=administrator, title=" Wiki ", base_url="HTTPS://Wiki.Example.com:443/confluence/", owners=[alice]
    )

    assert site.title == "Wiki"
    assert site.base_url == "https://wiki.example.com/confluence"
    assert list(site.owners.all()) == [alice]
    assert site.check_runs.get().trigger == CheckRun.Trigger.ADDED
    assert AuditEvent.objects.filter(action="site.created", target_label="Wiki").exists()


def test_the_base_url_of_a_hosted_site_is_below_the_public_url(administrator, settings):
    site = create_site(actor=administrator, title="Pilot", provider="gatepass", slug="pilot")

    assert site.base_url == f"{settings.PUBLIC_URL}/at/pilot"
    assert site.plugin_versions.source == "gatepass"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"base_url": ""}, "base_url"),
        ({"base_url": "wiki.example.com"}, "base_url"),
        ({"base_url": "http://wiki.example.com"}, "base_url"),
        ({"base_url": "https://user:pw@wiki.example.com"}, "base_url"),
        ({"base_url": "https://wiki.example.com/?a=1"}, "base_url"),
        ({"base_url": "https://wiki.example.com/#a"}, "base_url"),
        ({"base_url": "javascript:alert(1)"}, "base_url"),
        ({"base_url": "https://wiki.example.com/\x00"}, "base_url"),
        ({"base_url": "https://" + "a" * 600 + ".example.com"}, "base_url"),
        ({"base_url": "https://2130706433/"}, "base_url"),
        ({"title": ""}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"notes": "a\x00b"}, "notes"),
        ({"notes": "x" * 4001}, "notes"),
        ({"product": "bamboo"}, "product"),
        ({"provider": "other"}, "provider"),
        ({"people": -1}, "people"),
        ({"people": "many"}, "people"),
        ({"people": 10**12}, "people"),
        ({"oauth_plugin_version": "latest"}, "oauth_plugin_version"),
        ({"mobile_plugin_version": "1" * 41}, "mobile_plugin_version"),
        ({"provider": "gatepass"}, "slug"),
        ({"provider": "gatepass", "slug": "../admin"}, "slug"),
        ({"provider": "gatepass", "slug": "a" * 41}, "slug"),
    ],
)
def test_hostile_values_are_rejected_and_nothing_is_saved(administrator, fields, wrong):
    with pytest.raises(ValidationError) as refused:
        create_site(**{"actor": administrator, "title": "Wiki", "base_url": "https://wiki.example.com", **fields})

    assert wrong in refused.value.message_dict
    assert not Site.objects.exists()
    assert not CheckRun.objects.exists()
    assert not AuditEvent.objects.exists()


def test_the_same_base_url_twice_is_refused(administrator, site):
    with pytest.raises(ValidationError) as refused:
        create_site(actor=administrator, title="Again", base_url=site.base_url + "/")

    assert "base_url" in refused.value.message_dict


def test_a_changed_base_url_resets_the_verdict_and_starts_a_check(administrator, site):
    Site.objects.filter(pk=site.pk).update(mdm_verdict="READY_MDM", server_version="9.2.1")

    update_site(actor=administrator, site=site, base_url="https://new.example.com")

    site.refresh_from_db()
    assert (site.mdm_verdict, site.server_version) == ("UNKNOWN", "")
    assert site.check_runs.get().trigger == CheckRun.Trigger.EDITED


def test_a_changed_note_keeps_the_verdict_without_a_check(administrator, site):
    Site.objects.filter(pk=site.pk).update(mdm_verdict="READY_MDM")

    update_site(actor=administrator, site=site, notes="Runs on the old cluster")

    site.refresh_from_db()
    assert site.mdm_verdict == "READY_MDM"
    assert not site.check_runs.exists()
    assert AuditEvent.objects.get(action="site.changed").details == {"fields": ["notes"]}


def test_an_unchanged_site_is_not_written(administrator, site):
    update_site(actor=administrator, site=site, title=site.title)

    assert not AuditEvent.objects.exists()


def test_archive_and_restore(administrator, site):
    archive_site(actor=administrator, site=site)
    archive_site(actor=administrator, site=site)
    assert not Site.objects.active().exists()

    restore_site(actor=administrator, site=site)
    assert Site.objects.active().get().check_due_at
    actions = AuditEvent.objects.order_by("number").values_list("action", flat=True)
    assert list(actions) == ["site.archived", "site.restored", "check.requested"]


def test_who_sees_which_site(site, make_site, administrator, auditor, alice, charlie, member):
    make_site()

    seen = {
        user.email: Site.objects.visible_to(user).count() for user in (administrator, auditor, alice, charlie, member)
    }

    assert list(seen.values()) == [2, 2, 1, 0, 0]


def test_a_hosted_site_cannot_be_jira(administrator):
    with pytest.raises(ValidationError) as refused:
        create_site(actor=administrator, title="Jira", product="jira", provider="gatepass", slug="jira")

    assert set(refused.value.message_dict) == {"product"}
    assert not Site.objects.exists()
