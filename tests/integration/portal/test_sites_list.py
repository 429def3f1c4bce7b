"""The list of sites: what each role sees, search, filters, order, pages, the export, a constant number of queries."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from rollout.compatibility.verdict import Verdict
from rollout.formats.site_csv import read_sites_csv
from rollout.models import ApplicationLink, AuditEvent, Site

pytestmark = pytest.mark.django_db
HOSTILE = [
    "", "\x00", "' OR 1=1 --", "<script>alert(1)</script>", "x" * 10_000, "-1", "0", "1e9", "9" * 40, "NaN", "%s", "½",
    "--title", "title;", "__class__", "owners__password", "?", "-", "\u202e", "a b c d e f g h i j k l",
]  # fmt: skip
NAMES = ["q", "status", "mdm", "non_mdm", "link", "product", "provider", "owner", "archived", "sort", "page"]


def titles(response: Any) -> list[str]:
    return [site.title for site in response.context["listing"].rows]


def test_it_works(client_of: Callable[[User], Client], administrator: User, site: Site) -> None:
    page = client_of(administrator).get("/sites/")
    assert page.status_code == 200
    assert titles(page) == ["Engineering wiki"]
    assert "wiki.example.com" in page.content.decode()


def test_an_empty_list_explains_how_to_add_a_site(client_of: Callable[[User], Client], administrator: User) -> None:
    page = client_of(administrator).get("/sites/").content.decode()
    assert "No sites yet" in page
    assert "/sites/new/" in page


def test_anonymous_goes_to_the_sign_in(client: Client, site: Site) -> None:
    for path in ("/sites/", "/sites/export.csv", "/sites/new/", "/sites/import/", f"/sites/{site.pk}/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert "/accounts/login/" in answer["Location"]


def test_members_get_404(client_of: Callable[[User], Client], member: User, site: Site) -> None:
    for path in ("/sites/", "/sites/export.csv", "/sites/new/", "/sites/import/", f"/sites/{site.pk}/"):
        assert client_of(member).get(path).status_code == 404, path


def test_owners_see_their_own_and_auditors_all(
    client_of: Callable[[User], Client], alice: User, charlie: User, auditor: User, site: Site, make_site: Any
) -> None:
    make_site(title="Not mine")
    assert titles(client_of(alice).get("/sites/")) == ["Engineering wiki"]
    assert titles(client_of(charlie).get("/sites/")) == []
    assert len(titles(client_of(auditor).get("/sites/"))) == 2


def test_an_auditor_is_offered_no_change(client_of: Callable[[User], Client], auditor: User, site: Site) -> None:
    page = client_of(auditor).get("/sites/").content.decode()
    assert "Add site" not in page
    assert "Import CSV" not in page
    assert "/sites/check/" not in page


def test_search_and_filters(
    client_of: Callable[[User], Client], administrator: User, alice: User, make_site: Any
) -> None:
    one = make_site(title="Alpha", mdm_verdict=Verdict.READY_MDM, owners=[alice])
    make_site(title="Beta", notes="the factory", non_mdm_verdict=Verdict.READY_NON_MDM)
    make_site(title="Gamma", mdm_verdict=Verdict.INCOMPATIBLE, non_mdm_verdict=Verdict.INCOMPATIBLE)
    make_site(title="Delta", product="jira", archived_at=timezone.now())
    ApplicationLink.objects.create(
        site=one,
        origin="wizard",
        client_id="c",
        redirect_url="confluence-server://oauth-callback",
        created_at=timezone.now(),
    )
    client = client_of(administrator)
    expected = {
        "q=FACTORY": ["Beta"], "q=alpha+example": ["Alpha"], "q=nothing": [], "status=ready_mdm": ["Alpha"],
        "status=ready_non_mdm": ["Beta"], "status=incompatible": ["Gamma"], "mdm=READY_MDM": ["Alpha"],
        "non_mdm=READY_NON_MDM": ["Beta"], "link=mdm": ["Alpha"], "link=none": ["Beta", "Gamma"], "link=switch": [],
        "archived=only": ["Delta"], "archived=all": ["Alpha", "Beta", "Delta", "Gamma"], "product=jira": [],
        f"owner={alice.pk}": ["Alpha"], "provider=gatepass": [], "status=ready_mdm&q=beta": [],
    }  # fmt: skip
    assert {query: titles(client.get(f"/sites/?{query}")) for query in expected} == expected


def test_unknown_values_are_sorted_last(
    client_of: Callable[[User], Client], administrator: User, make_site: Any
) -> None:
    now = timezone.now()
    make_site(title="A", people=3, server_version="10.0.1", checked_at=now, mdm_verdict=Verdict.INCOMPATIBLE,
              non_mdm_verdict=Verdict.INCOMPATIBLE)  # fmt: skip
    make_site(title="B", people=9, server_version="9.2.1", checked_at=None)
    make_site(title="C", people=1, server_version="", checked_at=now, mdm_verdict=Verdict.READY_MDM)
    client = client_of(administrator)
    expected = {
        "title": "ABC", "-title": "CBA", "people": "CAB", "-people": "BAC", "version": "BAC", "-version": "ABC",
        "verdict": "CBA", "-verdict": "ABC", "nonsense": "ABC",
    }  # fmt: skip
    assert {sort: "".join(titles(client.get(f"/sites/?sort={sort}"))) for sort in expected} == expected
    assert titles(client.get("/sites/?sort=checked"))[-1] == titles(client.get("/sites/?sort=-checked"))[-1] == "B"


def test_pages_of_fifty(client_of: Callable[[User], Client], administrator: User, make_site: Any) -> None:
    for number in range(60):
        make_site(title=f"Site {number:02d}")
    client = client_of(administrator)
    assert len(titles(client.get("/sites/"))) == 50
    assert titles(client.get("/sites/?page=2"))[-1] == "Site 59"
    assert titles(client.get("/sites/?page=99")) == titles(client.get("/sites/?page=2"))


def test_five_and_sixty_sites_take_the_same_queries(
    client_of: Callable[[User], Client], administrator: User, make_site: Any, alice: User
) -> None:
    client = client_of(administrator)

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            response = client.get(path)
            if response.streaming:
                b"".join(response.streaming_content)
        return len(captured)

    for _ in range(5):
        make_site(owners=[alice])
    few = [queries("/sites/"), queries("/sites/export.csv")]
    for _ in range(55):
        make_site(owners=[alice])
    assert [queries("/sites/"), queries("/sites/export.csv")] == few


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_query_gets_a_page(
    client_of: Callable[[User], Client], administrator: User, site: Site, value: str
) -> None:
    client = client_of(administrator)
    for name in NAMES:
        page = client.get("/sites/", {name: value})
        assert page.status_code == 200, name
        assert "<script>alert(1)" not in page.content.decode()
        assert client.get("/sites/export.csv", {name: value}).status_code == 200, name


def test_an_invalid_filter_is_ignored_with_a_message(
    client_of: Callable[[User], Client], administrator: User, site: Site
) -> None:
    page = client_of(administrator).get("/sites/?mdm=MAYBE")
    assert titles(page) == ["Engineering wiki"]
    assert "is invalid and was ignored" in page.content.decode()


def test_titles_are_escaped(client_of: Callable[[User], Client], administrator: User, make_site: Any) -> None:
    site = make_site(title="<img src=x onerror=alert(1)>", notes="<b>bold</b>")
    for path in ("/sites/", f"/sites/{site.pk}/", "/", f"/sites/{site.pk}/edit/", f"/sites/{site.pk}/link/"):
        text = client_of(administrator).get(path).content.decode()
        assert "<img src=x" not in text, path
        assert "<b>bold" not in text, path


def test_the_export_contains_the_filtered_rows_and_can_be_imported(
    client_of: Callable[[User], Client], administrator: User, alice: User, make_site: Any
) -> None:
    make_site(title="=1+1", owners=[alice], people=7, notes="two\nlines", base_url="https://a.example.com")
    make_site(title="Other", base_url="https://b.example.com")
    answer = client_of(administrator).get("/sites/export.csv?q=1")
    data = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"] == 'attachment; filename="sites.csv"'
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [row["title"] for row in rows] == ["'=1+1"]
    report = read_sites_csv(data, allow_loopback_http=False)
    assert not report.errors
    assert report.rows[0].title == "=1+1"
    assert report.rows[0].owners == (alice.email,)
    event = AuditEvent.objects.get(action="sites.exported")
    assert event.details == {"sites": 1}


def test_the_template_can_be_imported(client_of: Callable[[User], Client], auditor: User) -> None:
    data = b"".join(client_of(auditor).get("/sites/export.csv?template").streaming_content)
    assert not read_sites_csv(data, allow_loopback_http=False).errors
    assert not AuditEvent.objects.filter(action="sites.exported").exists()
