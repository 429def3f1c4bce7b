"""The configuration pages: what each role can view, build, export and publish."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import ApplicationLink, AuditEvent, ConfigurationRelease, Site
from rollout.services import configurations

BUILD = "/configurations/build/"


@pytest.fixture
def ready(make_site: Any, alice: User) -> Site:
    """A site with an OAuth part: its MDM setup is ready and it has an application link."""
    site = make_site(title="Ready wiki", owners=[alice], mdm_verdict="READY_MDM")
    link(site, "client-one")
    return site


def link(site: Site, client_id: str) -> ApplicationLink:
    return ApplicationLink.objects.create(
        site=site, client_id=client_id, redirect_url="confluence-server://oauth-callback", created_at=timezone.now()
    )


def seen_of(page: Any) -> str:
    found = re.search(r'name="seen"\s+value="([0-9a-f]{64})"', page.content.decode())
    assert found
    return found[1]


def test_it_works(client_of: Any, administrator: User, ready: Site, make_site: Any) -> None:
    client = client_of(administrator)
    plain = make_site(title="Plain wiki")
    page = client.get(f"{BUILD}?site={ready.pk}&site={plain.pk}")
    text = page.content.decode()
    assert "1 with OAuth 2.0, 1 with password sign-in" in text
    assert "MDM setup not ready, no application link" in text
    published = client.post(
        "/configurations/publish/",
        {"site": [ready.pk, plain.pk], "seen": seen_of(page), "note": "The first"},
        follow=True,
    )
    assert "Release 1" in published.content.decode()
    release = ConfigurationRelease.objects.get()
    assert release.digest == hashlib.sha256(release.site_list.encode()).hexdigest()
    assert release.note == "The first"
    assert "client-one" in release.site_list
    listed = client.get("/configurations/").content.decode()
    assert "The first" in listed
    assert "Current" in listed


def test_without_sites_the_pages_offer_to_add_one(client_of: Any, administrator: User) -> None:
    assert "No sites yet" in client_of(administrator).get("/configurations/").content.decode()
    assert "No sites yet" in client_of(administrator).get(BUILD).content.decode()


def test_without_releases_the_page_offers_to_build_one(client_of: Any, administrator: User, ready: Site) -> None:
    page = client_of(administrator).get("/configurations/").content.decode()
    assert "No releases yet" in page
    assert "?all=1" in page


@pytest.mark.parametrize(
    ("verdict", "linked", "words"),
    [
        ("READY_MDM", True, "Not cached"),
        ("READY_MDM", False, "No application link"),
        ("INCOMPATIBLE", True, "MDM setup not ready"),
        ("UNKNOWN", False, "MDM setup not ready, no application link"),
    ],
)
def test_each_site_without_oauth_shows_the_reason(
    client_of: Any, administrator: User, make_site: Any, verdict: str, linked: bool, words: str
) -> None:
    site = make_site(mdm_verdict=verdict)
    if linked:
        link(site, "abc")
    page = client_of(administrator).get(f"{BUILD}?site={site.pk}").content.decode()
    assert words in page
    assert ("Create link" in page) == (words == "No application link")


@pytest.mark.parametrize("format_id", list(FORMATS))
def test_every_format_can_be_downloaded(client_of: Any, administrator: User, ready: Site, format_id: str) -> None:
    client = client_of(administrator)
    assert client.get(f"{BUILD}?all=1&format={format_id}").status_code == 200
    downloaded = client.post("/configurations/download/", {"all": "1", "format": format_id})
    built = configurations.build_configuration(Site.objects.all())
    assert downloaded.content.decode() == FORMATS[format_id].build(built.site_list)
    assert FORMATS[format_id].filename in downloaded["Content-Disposition"]
    event = AuditEvent.objects.get(action="configuration.exported")
    assert event.details == {"format": format_id, "sites": 1, "with_oauth": 1}


def test_a_release_is_downloaded_as_published(client_of: Any, administrator: User, ready: Site) -> None:
    release = configurations.publish_release(actor=administrator, sites=Site.objects.all())
    Site.objects.update(title="Renamed since")
    downloaded = client_of(administrator).post("/configurations/download/", {"release": "1", "format": "json"})
    assert downloaded.content.decode() == release.site_list
    assert AuditEvent.objects.filter(action="configuration.release_exported").count() == 1


def test_the_page_shows_what_publishing_would_change(
    client_of: Any, administrator: User, ready: Site, make_site: Any
) -> None:
    removed = make_site(title="Old wiki")
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    new = make_site(title="New wiki")
    ApplicationLink.objects.update(client_id="client-two")
    page = client_of(administrator).get(f"{BUILD}?site={ready.pk}&site={new.pk}").content.decode()
    assert "1 removed" in page
    assert removed.title in page
    assert "1 added" in page
    assert "client-one" in page
    assert "client-two" in page
    assert "1 site is removed: its people no longer find it in the app." in page
    assert "1 site gets a new client ID: its people must sign in again." in page


def test_an_unchanged_list_cannot_be_published(client_of: Any, administrator: User, ready: Site) -> None:
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    page = client_of(administrator).get(f"{BUILD}?sites_of=1").content.decode()
    assert "There is nothing to publish" in page
    assert "Publish release 2" not in page


def test_a_release_shows_the_changes_since_the_previous_one(
    client_of: Any, administrator: User, ready: Site, make_site: Any
) -> None:
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    make_site(title="Second wiki")
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    client = client_of(administrator)
    assert "First release" in client.get("/configurations/1/").content.decode()
    page = client.get("/configurations/2/").content.decode()
    assert "Second wiki</strong> added, without OAuth 2.0." in page
    assert ConfigurationRelease.objects.get(number=2).digest in page


def test_the_list_shows_how_many_sites_changed_since(client_of: Any, administrator: User, ready: Site) -> None:
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    client = client_of(administrator)
    assert "nothing to publish" in client.get("/configurations/").content.decode()
    ApplicationLink.objects.update(rotated_at=timezone.now())
    assert "One site has changed since this release" in client.get("/configurations/").content.decode()


def test_json_is_marked_and_nothing_in_it_is_html(client_of: Any, administrator: User, make_site: Any) -> None:
    site = make_site(title="<script>alert('x')</script> & co")
    page = client_of(administrator).get(f"{BUILD}?site={site.pk}").content.decode()
    assert '<span class="json-key">&quot;title&quot;</span>' in page
    assert "<script>alert" not in page
    assert "style=" not in page


# --- Choosing --------------------------------------------------------------------------------------------------


def test_the_selection_survives_a_search(client_of: Any, administrator: User, ready: Site, make_site: Any) -> None:
    other = make_site(title="Other wiki")
    page = client_of(administrator).get(f"{BUILD}?site={ready.pk}&q=other&pick=1").content.decode()
    assert f'<input type="hidden" name="site" value="{ready.pk}">' in page
    assert re.search(rf'value="{other.pk}"\s+data-row', page)


@pytest.mark.parametrize(
    "query", ["site=abc", "site=-1", "site=99999999999999999999", "site=%00", "all=yes", "sites_of=x", "site=1e3"]
)
def test_an_invalid_selection_leads_to_the_picker(client_of: Any, administrator: User, ready: Site, query: str) -> None:
    page = client_of(administrator).get(f"{BUILD}?{query}")
    assert page.status_code == 200
    assert "You review the result before anything is published" in page.content.decode()


@pytest.mark.parametrize("query", ["site=987654321", "sites_of=77"])
def test_a_selection_without_sites_is_an_error(client_of: Any, administrator: User, ready: Site, query: str) -> None:
    page = client_of(administrator).get(f"{BUILD}?{query}", follow=True).content.decode()
    assert "Select at least one site that is not archived" in page


def test_sites_left_out_are_reported(client_of: Any, administrator: User, ready: Site, make_site: Any) -> None:
    archived = make_site(archived_at=timezone.now())
    page = client_of(administrator).get(f"{BUILD}?site={ready.pk}&site={archived.pk}").content.decode()
    assert "One selected site is not included" in page


@pytest.mark.parametrize("query", ["format=nope", "page=x", "page=-1", "show=%3Cb%3E", "q=%00&pick=1", "pick=%00"])
def test_invalid_parameters_are_ignored(client_of: Any, administrator: User, ready: Site, query: str) -> None:
    assert client_of(administrator).get(f"{BUILD}?all=1&{query}").status_code == 200


def test_a_long_selection_is_sent_by_post(client_of: Any, administrator: User, make_site: Any) -> None:
    ids = [make_site().pk for _number in range(205)]
    page = client_of(administrator).post(BUILD, {"site": ids})
    assert page.status_code == 200
    assert "Configuration with 205 sites" in page.content.decode()


def test_ten_thousand_sites_take_as_many_queries_as_one(client_of: Any, administrator: User, ready: Site) -> None:
    client = client_of(administrator)
    client.get(f"{BUILD}?all=1")
    with CaptureQueriesContext(connection) as one:
        client.get(f"{BUILD}?all=1")
    now = timezone.now()
    Site.objects.bulk_create(
        Site(
            title=f"Site {number}",
            base_url=f"https://s{number}.example.com",
            mdm_verdict="READY_MDM",
            created_at=now,
            updated_at=now,
        )
        for number in range(10_000)
    )
    with CaptureQueriesContext(connection) as many:
        page = client.get(f"{BUILD}?all=1")
    assert len(many) == len(one)
    assert "Configuration with 10,001 sites" in page.content.decode()
    assert len(page.content) < 700_000
    downloaded = client.post("/configurations/download/", {"all": "1", "format": "plist-file"})
    assert downloaded.content.count(b"baseURL") == 10_001


def test_the_list_takes_as_many_queries_for_many_releases(client_of: Any, administrator: User, ready: Site) -> None:
    client = client_of(administrator)
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    client.get("/configurations/")
    with CaptureQueriesContext(connection) as one:
        client.get("/configurations/")
    for number in range(5):
        Site.objects.update(title=f"Wiki {number}")
        configurations.publish_release(actor=administrator, sites=Site.objects.all())
    with CaptureQueriesContext(connection) as many:
        client.get("/configurations/")
    assert len(many) == len(one)


# --- Permissions -----------------------------------------------------------------------------------------------

PATHS = ["/configurations/", BUILD, "/configurations/lint/", "/configurations/1/"]


@pytest.mark.parametrize("path", PATHS)
def test_members_get_a_404(client_of: Any, administrator: User, member: User, ready: Site, path: str) -> None:
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    assert client_of(member).get(path).status_code == 404
    for path_to_post in ("/configurations/download/", "/configurations/publish/"):
        assert client_of(member).post(path_to_post, {"all": "1", "format": "json"}).status_code == 404


def test_visitors_are_redirected_to_the_sign_in(client: Any, db: None) -> None:
    for path in PATHS:
        assert client.get(path).status_code == 302


def test_owners_build_from_their_own_sites_only(
    client_of: Any, alice: User, charlie: User, ready: Site, make_site: Any
) -> None:
    other = make_site(title="Not hers")
    page = client_of(alice).get(f"{BUILD}?site={ready.pk}&site={other.pk}").content.decode()
    assert "Ready wiki" in page
    assert "Not hers" not in page
    assert "Publish release" not in page
    downloaded = client_of(alice).post("/configurations/download/", {"all": "1", "format": "json"})
    assert b"Not hers" not in downloaded.content
    assert "Ready wiki" not in client_of(charlie).get(f"{BUILD}?all=1", follow=True).content.decode()


def test_owners_cannot_publish(client_of: Any, alice: User, auditor: User, ready: Site) -> None:
    for user in (alice, auditor):
        assert client_of(user).post("/configurations/publish/", {"all": "1"}).status_code == 403
    assert not ConfigurationRelease.objects.exists()


def test_owners_see_their_own_part_of_a_release(
    client_of: Any, administrator: User, alice: User, charlie: User, ready: Site, make_site: Any
) -> None:
    other = make_site(title="Not hers")
    link(other, "client-of-others")
    Site.objects.filter(pk=other.pk).update(mdm_verdict="READY_MDM")
    release = configurations.publish_release(actor=administrator, sites=Site.objects.all())
    page = client_of(alice).get("/configurations/1/").content.decode()
    assert "Ready wiki" in page
    assert "Not hers" not in page
    assert "client-of-others" not in page
    assert release.digest not in page
    refused = client_of(alice).post("/configurations/download/", {"release": "1", "format": "json"})
    assert refused.status_code == 403
    assert client_of(charlie).get("/configurations/1/").status_code == 404
    downloaded = client_of(charlie).post("/configurations/download/", {"release": "1", "format": "json"})
    assert downloaded.status_code == 404


def test_auditors_see_every_release_and_cannot_publish(
    client_of: Any, administrator: User, auditor: User, ready: Site
) -> None:
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    Site.objects.update(title="Another")
    page = client_of(auditor).get(f"{BUILD}?all=1").content.decode()
    assert "Publish release" not in page
    assert client_of(auditor).get("/configurations/1/").status_code == 200


# --- Errors ----------------------------------------------------------------------------------------------------


def test_a_list_changed_since_the_preview_is_not_published(client_of: Any, administrator: User, ready: Site) -> None:
    client = client_of(administrator)
    seen = seen_of(client.get(f"{BUILD}?all=1"))
    Site.objects.update(title="Changed meanwhile")
    page = client.post("/configurations/publish/", {"all": "1", "seen": seen, "note": "kept note"})
    assert page.status_code == 422
    assert "The sites have changed since you opened this page" in page.content.decode()
    assert "kept note" in page.content.decode()
    assert not ConfigurationRelease.objects.exists()


@pytest.mark.parametrize("note", ["x" * 201, "a\x00b"])
def test_an_invalid_note_is_rejected(client_of: Any, administrator: User, ready: Site, note: str) -> None:
    client = client_of(administrator)
    seen = seen_of(client.get(f"{BUILD}?all=1"))
    page = client.post("/configurations/publish/", {"all": "1", "seen": seen, "note": note})
    assert page.status_code == 422
    assert not ConfigurationRelease.objects.exists()
    assert not AuditEvent.objects.filter(action="configuration.published").exists()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"all": "1"},
        {"all": "1", "format": "mobileconfig"},
        {"all": "1", "format": "\x00"},
        {"format": "json"},
        {"site": ["x", "\x00", "9" * 40], "format": "json"},
    ],
)
def test_a_download_without_sites_or_format_is_rejected(
    client_of: Any, administrator: User, ready: Site, data: dict[str, Any]
) -> None:
    answer = client_of(administrator).post("/configurations/download/", data)
    assert answer.status_code == 302
    assert not AuditEvent.objects.filter(action="configuration.exported").exists()


@pytest.mark.parametrize("number", ["0", "2", "x", "-1", "9" * 30, "\x00", "١"])
def test_a_missing_release_is_not_found(client_of: Any, administrator: User, ready: Site, number: str) -> None:
    configurations.publish_release(actor=administrator, sites=Site.objects.all())
    data = {"release": number, "format": "json"}
    assert client_of(administrator).post("/configurations/download/", data).status_code == 404


def test_a_release_with_a_huge_number_is_not_found(client_of: Any, administrator: User) -> None:
    assert client_of(administrator).get(f"/configurations/{10**30}/").status_code == 404


@pytest.mark.parametrize(
    ("path", "page"),
    [("/configurations/download/", "/configurations/"), ("/configurations/publish/", "/configurations/build/")],
)
def test_a_get_changes_nothing(client_of: Any, administrator: User, path: str, page: str) -> None:
    assert client_of(administrator).get(path).headers["Location"] == page
    assert not ConfigurationRelease.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="configuration.").exists()
