"""The audit log: filters, visibility by role, integrity and export."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from portal.presenters.audit import marked_sentence, sentence_of
from rollout.client_address import request_from
from rollout.models import ApplicationLink, AuditEvent, AuditHead, Site
from rollout.services import audit, links, sites
from rollout.services.audit_erasure import erase_person
from rollout.services.audit_verification import verify_chain


def test_it_works(client_of: Any, administrator: User, site: Site) -> None:
    client = client_of(administrator)
    sites.update_site(actor=administrator, site=site, title="Renamed wiki")
    page = client.get("/activity/").content.decode()
    assert "changed the site <a" in page
    assert f'href="/sites/{site.pk}/">Renamed wiki</a>' in page
    assert "signed in." in page  # force_login is a sign-in as any


def test_empty_log(client_of: Any, alice: User) -> None:
    assert "No events yet" in client_of(alice).get("/activity/").content.decode()


def test_owners_see_events_of_their_sites_only(
    client_of: Any, administrator: User, alice: User, charlie: User, site: Site, make_site: Any
) -> None:
    other = make_site(title="Secret project")
    for row in (site, other):
        sites.update_site(actor=administrator, site=row, notes="x")
        links.create_link(
            actor=administrator, site=row, redirect_url="confluence-server://oauth-callback", client_id=f"c{row.pk}"
        )
    page = client_of(alice).get("/activity/").content.decode()
    assert "Engineering wiki" in page
    assert "created the application link" in page
    assert "Secret project" not in page
    assert "signed in." not in page
    assert "Verify log integrity" not in page
    assert "Engineering wiki" not in client_of(charlie).get("/activity/").content.decode()
    exported = b"".join(client_of(alice).get("/activity/export.csv").streaming_content).decode()
    assert "Secret project" not in exported


def test_members_find_nothing(client_of: Any, member: User) -> None:
    for path in ("/activity/", "/activity/export.csv"):
        assert client_of(member).get(path).status_code == 404
    assert client_of(member).post("/activity/").status_code == 404


def test_anonymous_visitors_are_redirected_to_the_sign_in(client: Any, db: None) -> None:
    assert client.get("/activity/").status_code == 302


def test_filters_by_category_object_person_day_and_words(
    client_of: Any, administrator: User, alice: User, site: Site
) -> None:
    audit.record(actor=administrator, action="wave.created", label="Pilot", details={"sites": 1})
    audit.record(actor=alice, action="site.changed", target=site, details={"fields": ["notes"]})
    client = client_of(administrator)

    def page(query: str) -> str:
        return client.get(f"/activity/?{query}").content.decode()

    assert "created the wave" in page("family=passes")
    assert "changed the site" not in page("family=passes")
    assert "changed the site" in page(f"target_type=site&target_id={site.pk}")
    assert "created the wave" not in page(f"person={alice.pk}")
    assert "created the wave" in page("q=pilot")
    today = timezone.localdate()
    assert "created the wave" in page(f"since={today}&until={today}")
    assert "No event matches" in page(f"until={today - timedelta(days=2)}")


@pytest.mark.parametrize(
    "query",
    ["family=x", "since=yesterday", "since=0001-01-01", "until=9999-12-31", "person=x", "person=1e400", "before=x",
     f"person={2**70}", "q=%00", "target_id=%00", "before=99999999999999999999", "after=-1", "sort=hash", "page=7",
     "person=NaN", "person=0.5", "target_type=%00", f"after={10**18}"],
)  # fmt: skip
def test_an_unreadable_filter_does_no_harm(client_of: Any, administrator: User, query: str) -> None:
    client = client_of(administrator)
    assert client.get(f"/activity/?{query}").status_code == 200
    assert client.get(f"/activity/export.csv?{query}").status_code == 200


def test_pages_go_by_number_in_both_directions(client_of: Any, administrator: User) -> None:
    for _number in range(120):
        audit.record(actor=administrator, action="site.archived", label="Wiki")
    client = client_of(administrator)
    first = client.get("/activity/").content.decode()
    older = re.search(r'rel="next"\s+href="(\?before=\d+)"', first)
    assert older
    assert 'rel="prev"' not in first
    second = client.get(f"/activity/{older[1]}").content.decode()
    numbers = [int(number) for number in re.findall(r'id="event-(\d+)"', second)]
    assert numbers == list(range(numbers[0], numbers[0] - 50, -1))
    newer = re.search(r'rel="prev"\s+href="(\?after=\d+)"', second)
    assert newer
    back = client.get(f"/activity/{newer[1]}").content.decode()
    assert re.findall(r'id="event-(\d+)"', back)[-1] == str(numbers[0] + 1)


def test_a_page_takes_as_many_queries_for_fifty_events_as_for_one(
    client_of: Any, administrator: User, site: Site
) -> None:
    client = client_of(administrator)
    client.get("/activity/")
    with CaptureQueriesContext(connection) as one:
        client.get("/activity/")
    for _number in range(60):
        audit.record(actor=administrator, action="site.archived", target=site)
    with CaptureQueriesContext(connection) as many:
        client.get("/activity/")
    assert len(many) == len(one)
    assert not [query for query in many if "COUNT(" in query["sql"] and "auditevent" in query["sql"]]


# --- Integrity -------------------------------------------------------------------------------------------------


def test_an_intact_log_is_reported_and_the_check_recorded(client_of: Any, auditor: User) -> None:
    client = client_of(auditor)
    page = client.post("/activity/").content.decode()
    assert "Log integrity verified" in page
    assert AuditEvent.objects.filter(action="activity.verified", actor=auditor).count() == 1
    assert verify_chain().intact


def test_an_altered_log_names_the_event(client_of: Any, administrator: User) -> None:
    audit.record(actor=administrator, action="site.archived", label="Wiki")
    client = client_of(administrator)
    AuditHead.objects.update(hash="0" * 64)  # as if the newest events had been removed
    page = client.post("/activity/").content.decode()
    assert "The log was altered at event" in page


def test_owners_cannot_verify(client_of: Any, alice: User) -> None:
    assert client_of(alice).post("/activity/").status_code == 403


def test_a_log_too_long_for_a_page_names_the_command(client_of: Any, administrator: User) -> None:
    client = client_of(administrator)
    AuditHead.objects.update(number=200_001)
    assert "manage.py verify_audit" in client.post("/activity/").content.decode()


# --- The export ------------------------------------------------------------------------------------------------


def test_the_export_holds_the_filtered_events_and_is_recorded(client_of: Any, administrator: User, site: Site) -> None:
    audit.record(actor=administrator, action="site.archived", target=site)
    client = client_of(administrator)
    text = b"".join(client.get("/activity/export.csv?family=sites").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["action"] for row in rows] == ["site.archived"]
    assert rows[0]["sentence"] == "administrator@example.com archived the site Engineering wiki."
    assert AuditEvent.objects.get(action="activity.exported").actor == administrator


def test_a_cell_of_the_export_starts_no_formula(client_of: Any, administrator: User, make_site: Any) -> None:
    audit.record(actor=administrator, action="site.archived", target=make_site(title="=HYPERLINK(1)"))
    text = b"".join(client_of(administrator).get("/activity/export.csv").streaming_content).decode("utf-8-sig")
    row = next(row for row in csv.DictReader(io.StringIO(text)) if row["action"] == "site.archived")
    assert row["target"].startswith("'=")


def test_links_of_a_site_are_named_by_the_site(administrator: User, site: Site) -> None:
    link = links.create_link(
        actor=administrator, site=site, redirect_url="confluence-server://oauth-callback", client_id="abc"
    )
    created = AuditEvent.objects.get(action="link.created")
    assert isinstance(link, ApplicationLink)
    assert "application link of Engineering wiki." in sentence_of(created)
    assert f'href="/sites/{site.pk}/"' in marked_sentence(created, administrator)


# --- Personal data ---------------------------------------------------------------------------------------------


@pytest.fixture
def changed_site(administrator: User, alice: User, site: Site) -> Site:
    with request_from("192.0.2.7"):
        audit.record(actor=alice, action="site.changed", target=site, details={"fields": ["notes"]})
        audit.record(actor=administrator, action="person.reactivated", target=alice)
    return site


def test_people_and_addresses_are_found(client_of: Any, administrator: User, changed_site: Site) -> None:
    client = client_of(administrator)
    for words in ("alice", "192.0.2.7"):
        page = client.get("/activity/", {"q": words}).content.decode()
        assert "changed the site" in page, words
        assert "reactivated the account of" in page, words
        assert "192.0.2.7</dd>" in page, words
    assert "changed the site" not in client.get("/activity/?q=192.0.2.8").content.decode()


def test_owners_neither_see_nor_find_addresses(client_of: Any, alice: User, changed_site: Site) -> None:
    client = client_of(alice)
    page = client.get("/activity/").content.decode()
    assert "changed the site" in page
    assert "192.0.2.7" not in page
    assert "changed the site" not in client.get("/activity/?q=192.0.2.7").content.decode()
    exported = b"".join(client.get("/activity/export.csv").streaming_content).decode()
    assert "Engineering wiki" in exported
    assert "192.0.2.7" not in exported


def test_an_erased_person_is_shown_as_erased(
    client_of: Any, administrator: User, alice: User, changed_site: Site
) -> None:
    erase_person(actor=administrator, person=alice.pk, passes=[])
    client = client_of(administrator)
    page = client.get("/activity/").content.decode()
    assert "<strong>(erased)</strong> changed the site" in page
    assert f"erased person {alice.pk} (" in page
    assert "changed the site" in client.get(f"/activity/?person={alice.pk}").content.decode()
    text = b"".join(client.get("/activity/export.csv").streaming_content).decode("utf-8-sig")
    row = next(row for row in csv.DictReader(io.StringIO(text)) if row["action"] == "site.changed")
    assert (row["actor"], row["ip_address"]) == ("(erased)", "")


def test_the_queries_of_the_page_and_the_export_do_not_grow(
    client_of: Any, administrator: User, alice: User, site: Site
) -> None:
    client = client_of(administrator)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path)
            assert response.getvalue()
        return len(captured)

    def counts() -> list[int]:
        return [queries(path) for path in ("/activity/", "/activity/?q=alice", "/activity/export.csv")]

    audit.record(actor=alice, action="person.reactivated", target=alice)
    counts()
    before = counts()
    for _number in range(20):
        audit.record(actor=alice, action="person.reactivated", target=alice)
    assert counts() == before
