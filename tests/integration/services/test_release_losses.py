"""A failed check takes OAuth out of no list, and what a list takes from people is confirmed first."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from rollout.models import ApplicationLink, AuditEvent, ConfigurationRelease, Site
from rollout.services import configurations
from rollout.services.configurations import build_configuration, publish_release

PUBLISH = "/configurations/publish/"


@pytest.fixture
def wiki(make_site: Any, administrator: Any) -> Site:
    """A site that is in release 1 with OAuth."""
    site: Site = make_site(title="Wiki", base_url="https://wiki.example.org", mdm_verdict="READY_MDM", people=5000)
    ApplicationLink.objects.create(site=site, client_id="one", redirect_url="x", created_at=timezone.now())
    publish_release(actor=administrator, sites=Site.objects.all())
    return site


def client_ids() -> dict[str, str | None]:
    return {line.entry.title: line.entry.client_id for line in build_configuration(Site.objects.all()).lines}


def change(site: Site, **fields: Any) -> None:
    Site.objects.filter(pk=site.pk).update(**fields)


@pytest.mark.parametrize("verdict", ["ACTION_NEEDED", "UNKNOWN"])
def test_a_site_keeps_oauth_after_a_failed_check(wiki: Site, verdict: str) -> None:
    change(wiki, mdm_verdict=verdict)
    built = build_configuration(Site.objects.all())
    assert [(line.entry.client_id, line.is_kept, line.plain_because) for line in built.lines] == [("one", True, "")]
    assert built.impacts == ()
    assert built.digest == ConfigurationRelease.objects.get().digest


def test_it_also_keeps_oauth_at_a_new_address(wiki: Site) -> None:
    change(wiki, mdm_verdict="UNKNOWN", base_url="https://docs.example.org")
    assert client_ids() == {"Wiki": "one"}


def test_a_site_that_never_had_oauth_gets_it_only_when_ready(wiki: Site, make_site: Any) -> None:
    other = make_site(title="Other", mdm_verdict="UNKNOWN")
    ApplicationLink.objects.create(site=other, client_id="two", redirect_url="x", created_at=timezone.now())
    assert client_ids() == {"Wiki": "one", "Other": None}
    change(other, mdm_verdict="READY_MDM")
    assert client_ids() == {"Wiki": "one", "Other": "two"}


def revoke(site: Site) -> None:
    site.links.update(revoked_at=timezone.now())


def make_incompatible(site: Site) -> None:
    change(site, mdm_verdict="INCOMPATIBLE")


def rotate(site: Site) -> None:
    site.links.update(client_id="two")


def archive(site: Site) -> None:
    change(site, archived_at=timezone.now())


LOSSES = [
    (revoke, "oauth", "1 site loses OAuth 2.0: about 5,000 people will see a password form again."),
    (make_incompatible, "oauth", "1 site loses OAuth 2.0: about 5,000 people will see a password form again."),
    (rotate, "client_id", "1 site gets a new client ID: about 5,000 people must sign in again."),
    (archive, "removed", "1 site is removed: about 5,000 people no longer find it in the app."),
]


@pytest.mark.parametrize(("lose", "loss", "sentence"), LOSSES)
def test_a_loss_is_confirmed_before_it_is_published(
    wiki: Site, make_site: Any, administrator: Any, client_of: Any, lose: Any, loss: str, sentence: str
) -> None:
    make_site(title="Other")
    lose(wiki)
    client: Client = client_of(administrator)
    page = client.get("/configurations/build/?all=1").content.decode()
    assert sentence in page
    assert f'name="{loss}"' in page
    refused = client.post(PUBLISH, {"all": "1", "note": "Autumn"})
    assert refused.status_code == 422
    assert f'<a href="#id_{loss}">{sentence}</a>: Select this to publish it anyway.' in refused.text
    assert 'value="Autumn"' in refused.text
    assert ConfigurationRelease.objects.count() == 1
    assert client.post(PUBLISH, {"all": "1", loss: "on"})["Location"] == "/configurations/2/"


def test_every_kind_is_confirmed_by_itself(wiki: Site, make_site: Any, administrator: Any) -> None:
    other = make_site(title="Other")
    publish_release(actor=administrator, sites=Site.objects.all())
    revoke(wiki)
    archive(other)
    with pytest.raises(ValidationError) as caught:
        publish_release(actor=administrator, sites=Site.objects.all(), confirmed=["removed"])
    assert list(caught.value.message_dict) == ["oauth"]
    publish_release(actor=administrator, sites=Site.objects.all(), confirmed=["removed", "oauth"])


def test_the_same_list_is_not_published_twice(wiki: Site, administrator: Any, client_of: Any) -> None:
    with pytest.raises(ValidationError, match="Nothing has changed since release 1"):
        publish_release(actor=administrator, sites=Site.objects.all())
    assert "Nothing has changed since release 1." in client_of(administrator).post(PUBLISH, {"all": "1"}).text
    assert AuditEvent.objects.filter(action="configuration.published").count() == 1


def test_the_page_says_which_sites_keep_oauth(wiki: Site, administrator: Any, client_of: Any) -> None:
    change(wiki, mdm_verdict="ACTION_NEEDED")
    page = client_of(administrator).get("/configurations/build/?all=1").content.decode()
    assert "MDM setup not ready, kept from release 1" in page
    assert "There is nothing to publish" in page


def exported(*arguments: str) -> list[dict[str, Any]]:
    output = io.StringIO()
    call_command("export_configuration", *arguments, stdout=output)
    return json.loads(output.getvalue())  # type: ignore[no-any-return]


def test_the_command_refuses_a_loss_without_a_flag(wiki: Site, make_site: Any) -> None:
    make_site(title="Other")
    revoke(wiki)
    with pytest.raises(CommandError, match=r"1 site loses OAuth 2\.0.*To export nevertheless: --confirm oauth"):
        exported()
    assert ["oauth" in entry for entry in exported("--confirm", "oauth")] == [False, False]


def test_more_sites_take_no_more_queries(wiki: Site, make_site: Any, django_assert_num_queries: Any) -> None:
    for number in range(20):
        make_site(title=f"Wiki {number}")
    revoke(wiki)
    with django_assert_num_queries(4):
        assert len(configurations.build_configuration(Site.objects.all()).lines) == 21


# --- Roll back ------------------------------------------------------------------------------------------------------


def test_an_earlier_release_is_published_again(wiki: Site, make_site: Any, administrator: Any, client_of: Any) -> None:
    first = ConfigurationRelease.objects.get()
    new = make_site(title="New", people=20)
    publish_release(actor=administrator, sites=Site.objects.all())
    client: Client = client_of(administrator)
    assert "/configurations/1/roll-back/" in client.get("/configurations/1/").text
    page = client.get("/configurations/1/roll-back/").text
    assert "may already have release 2" in page
    assert "1 site is removed: about 20 people no longer find it in the app." in page
    refused = client.post("/configurations/1/roll-back/", {"note": "Too early"})
    assert refused.status_code == 422
    assert 'href="#id_removed"' in refused.text
    done = client.post("/configurations/1/roll-back/", {"note": "Too early", "removed": "on"})
    assert done["Location"] == "/configurations/3/"
    third = ConfigurationRelease.objects.get(number=3)
    assert (third.site_list, third.digest, third.note) == (first.site_list, first.digest, "Too early")
    assert list(third.sites.all()) == [wiki]
    event = AuditEvent.objects.get(action="configuration.rolled_back")
    assert event.details == {"sites": 1, "release": 1}
    assert "published the list of release 1 again, with 1 site." in client.get("/activity/").text
    assert new.title not in third.site_list


def test_the_current_release_is_not_rolled_back_to(wiki: Site, administrator: Any, client_of: Any) -> None:
    client: Client = client_of(administrator)
    assert "roll-back" not in client.get("/configurations/1/").text
    assert "The current release has the same list." in client.get("/configurations/1/roll-back/").text
    assert client.post("/configurations/1/roll-back/").status_code == 422
    assert ConfigurationRelease.objects.count() == 1


# --- Deployed -------------------------------------------------------------------------------------------------------


def test_a_release_stays_open_until_it_is_marked_as_deployed(wiki: Site, administrator: Any, client_of: Any) -> None:
    client: Client = client_of(administrator)
    assert "Release 1 is published, but not marked as deployed in your MDM" in client.get("/").text
    path = "/configurations/1/deployed/"
    assert client.post(path, {"console": "x" * 61}).status_code == 422
    assert client.post(path, {"console": " Intune,  all iPhones "})["Location"] == "/configurations/1/"
    row = ConfigurationRelease.objects.get()
    assert (row.console, row.deployed_by, row.deployed_at is not None) == ("Intune, all iPhones", administrator, True)
    page = client.get("/configurations/1/").text
    assert "Intune, all iPhones" in page
    assert "Mark as deployed" not in page
    assert "not marked as deployed" not in client.get("/").text
    client.post(path, {"console": "Jamf"})
    assert ConfigurationRelease.objects.get().console == "Intune, all iPhones"
    assert AuditEvent.objects.get(action="configuration.deployed").details == {"console": "Intune, all iPhones"}
    assert "marked <strong>Release 1</strong> as deployed." in client.get("/activity/").text
