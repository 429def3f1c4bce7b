"""Waves: create, issue passes and print them, progress, permissions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from rollout.enrollment.token import digest
from rollout.models import AuditEvent, EnrollmentPass, Site, Wave
from rollout.services import links, passes, sign_ins, waves


@pytest.fixture
def wave(administrator: User, site: Site) -> Wave:
    return waves.create_wave(actor=administrator, title="Pilot", sites=[site])


def issue(client: Any, wave: Wave, **data: Any) -> Any:
    """Post the form of the wave's page, with the id that the page carries."""
    page = client.get(f"/waves/{wave.pk}/").content.decode()
    match = re.search(r'name="form_id" value="([^"]*)"', page)
    fields = {"do": "issue", "labels": "Ann\nBen", "expiry": "7", "form_id": match[1] if match else ""}
    return client.post(f"/waves/{wave.pk}/", fields | data)


def tokens_of(page: Any) -> list[str]:
    return re.findall(r'name="token" value="([A-Z2-7]{26})"', page.content.decode())


def test_it_works(client_of: Any, administrator: User, site: Site) -> None:
    client = client_of(administrator)
    page = client.post("/waves/new/", {"title": "Pilot, IT", "sites": [site.pk]}, follow=True)
    assert "No people yet" in page.content.decode()
    row = Wave.objects.get()
    issued = issue(client, row, labels=" Ann \n\nBen\nAnn\n")
    text = issued.content.decode()
    assert "2 passes issued" in text
    tokens = tokens_of(issued)
    assert {digest(token) for token in tokens} == set(EnrollmentPass.objects.values_list("token_digest", flat=True))
    sheet = client.post(f"/waves/{row.pk}/", {"do": "sheet", "token": tokens})
    assert sheet["Content-Type"] == "application/pdf"
    assert sheet.content.startswith(b"%PDF")
    assert AuditEvent.objects.get(action="wave.sheet_taken").details == {"passes": 2}
    page = client.get(f"/waves/{row.pk}/").content.decode()
    assert "Ann" in page
    assert not [token for token in tokens if token in page]
    client.post(f"/waves/{row.pk}/", {"do": "finish"})
    row.refresh_from_db()
    assert row.finished_at
    assert "Finished" in client.get("/waves/").content.decode()


def test_fields_beside_the_table_keep_their_own_labels(client_of: Any, administrator: User, wave: Wave) -> None:
    client = client_of(administrator)
    issue(client, wave)
    page = client.get(f"/waves/{wave.pk}/").content.decode()
    assert '<label for="id_labels">People</label>' in page
    assert '<label for="id_expires_at">Last day</label>' in page


def test_an_empty_list_explains_waves(client_of: Any, administrator: User, alice: User) -> None:
    assert "No waves yet" in client_of(administrator).get("/waves/").content.decode()
    assert "No waves with your sites" in client_of(alice).get("/waves/").content.decode()


def test_the_address_of_an_account_assigns_the_pass_to_it(
    client_of: Any, administrator: User, member: User, wave: Wave
) -> None:
    issue(client_of(administrator), wave, labels="Member@example.com\nunknown@example.com")
    assert EnrollmentPass.objects.get(person=member).label == "Member@example.com"
    assert EnrollmentPass.objects.get(person=None).label == "unknown@example.com"


def test_the_funnel_counts_sign_ins_at_sites_hosted_by_gatepass(
    client_of: Any, administrator: User, member: User, make_site: Any
) -> None:
    provided = make_site(provider="gatepass", slug="pilot")
    row = waves.create_wave(actor=administrator, title="Pilot", sites=[provided])
    until = timezone.now() + timedelta(days=1)
    issued = waves.issue_wave_passes(
        actor=administrator, wave=row, labels=[member.email, "Ann", "Ben"], expires_at=until
    )
    for wave_pass, _token in issued[:2]:
        passes.redeem_pass(enrollment_pass=wave_pass, user_agent="iPhone")
    link = links.create_link(actor=administrator, site=provided, redirect_url="confluence-server://oauth-callback")
    assert sign_ins.record_sign_in(person=member, client_id=link.client_id, user_agent="iPhone")
    client = client_of(administrator)
    page = client.get(f"/waves/{row.pk}/").content.decode()
    assert re.findall(r'<progress\s+value="(\d+)"\s+max="3"', page) == ["3", "2", "1"]
    assert "Signed in with OAuth 2.0" in page
    arrived = client.get(f"/waves/{row.pk}/?where=arrived").content.decode()
    assert f">{member.email}</a>" in arrived
    assert ">Ann</a>" not in arrived
    stuck = client.get(f"/waves/{row.pk}/?where=issued").content.decode()
    assert ">Ben</a>" in stuck
    assert ">Ann</a>" not in stuck


def test_with_another_provider_the_funnel_ends_with_phones_set_up(
    client_of: Any, administrator: User, wave: Wave
) -> None:
    issue(client_of(administrator), wave)
    page = client_of(administrator).get(f"/waves/{wave.pk}/").content.decode()
    assert "Signed in with OAuth 2.0" not in page
    assert "Gatepass cannot verify their sign-ins" in page


def test_a_repeated_post_issues_nothing_twice(client_of: Any, administrator: User, wave: Wave) -> None:
    client = client_of(administrator)
    page = client.get(f"/waves/{wave.pk}/").content.decode()
    match = re.search(r'name="form_id" value="([^"]+)"', page)
    assert match
    data = {"do": "issue", "labels": "Ann", "expiry": "7", "form_id": match[1]}
    assert client.post(f"/waves/{wave.pk}/", data).status_code == 200
    assert client.post(f"/waves/{wave.pk}/", data).status_code == 302
    assert EnrollmentPass.objects.count() == 1


# --- Permissions -------------------------------------------------------------------------------------------------


def test_owners_see_waves_with_their_sites(
    client_of: Any, administrator: User, alice: User, charlie: User, wave: Wave, make_site: Any
) -> None:
    other = make_site(title="Not hers")
    wave.sites.add(other)
    foreign = waves.create_wave(actor=administrator, title="Elsewhere", sites=[other])
    listed = client_of(alice).get("/waves/").content.decode()
    assert "Pilot" in listed
    assert "Elsewhere" not in listed
    page = client_of(alice).get(f"/waves/{wave.pk}/").content.decode()
    assert "Engineering wiki" in page
    assert "Not hers" not in page
    assert "and one more" in page
    assert "Issue passes" not in page
    assert client_of(alice).get(f"/waves/{foreign.pk}/").status_code == 404
    assert client_of(charlie).get(f"/waves/{wave.pk}/").status_code == 404


@pytest.mark.parametrize("action", ["issue", "sheet", "finish"])
def test_only_administrators_run_waves(
    client_of: Any, alice: User, auditor: User, charlie: User, member: User, wave: Wave, action: str
) -> None:
    data = {"do": action, "labels": "Ann", "expiry": "7"}
    for user, status in ((alice, 403), (auditor, 403), (charlie, 404), (member, 404)):
        assert client_of(user).post(f"/waves/{wave.pk}/", data).status_code == status
    assert not EnrollmentPass.objects.exists()
    wave.refresh_from_db()
    assert wave.finished_at is None


def test_only_administrators_create_waves(client_of: Any, alice: User, auditor: User, member: User, site: Site) -> None:
    for user, status in ((alice, 403), (auditor, 403), (member, 404)):
        assert client_of(user).get("/waves/new/").status_code == status
        assert client_of(user).post("/waves/new/", {"title": "x", "sites": [site.pk]}).status_code == status
    assert not Wave.objects.exists()


def test_members_and_anonymous_visitors_see_nothing(client_of: Any, client: Any, member: User, wave: Wave) -> None:
    for path in ("/waves/", f"/waves/{wave.pk}/"):
        assert client_of(member).get(path).status_code == 404
        assert client.get(path).status_code == 302


# --- Invalid input-----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"title": "", "sites": ["SITE"]},
        {"title": "  ", "sites": ["SITE"]},
        {"title": "x" * 121, "sites": ["SITE"]},
        {"title": "a\x00b", "sites": ["SITE"]},
        {"title": "Pilot", "sites": ["SITE"]},
        {"title": "New", "sites": []},
        {"title": "New", "sites": ["x"]},
        {"title": "New", "sites": ["987654321"]},
        {"title": "New", "sites": ["9" * 40]},
        {"title": "New", "sites": ["\x00"]},
    ],
    ids=lambda data: str(data)[:40],
)
def test_an_invalid_wave_is_rejected(
    client_of: Any, administrator: User, site: Site, wave: Wave, data: dict[str, Any]
) -> None:
    if data.get("sites") == ["SITE"]:
        data = data | {"sites": [site.pk]}
    answer = client_of(administrator).post("/waves/new/", data)
    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
    assert Wave.objects.count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {"labels": ""},
        {"labels": "\n \n"},
        {"labels": "x" * 121},
        {"labels": "Ann\na\x00b"},
        {"labels": "\n".join(f"Person {number}" for number in range(501))},
        {"labels": "x" * 100_001},
        {"expiry": "x"},
        {"expiry": "date"},
        {"expiry": "date", "expires_at": "2020-01-01"},
        {"expiry": "date", "expires_at": "9999-12-31"},
        {"expiry": "date", "expires_at": "soon"},
    ],
    ids=lambda data: str(data)[:40],
)
def test_invalid_passes_are_rejected_and_the_input_stays(
    client_of: Any, administrator: User, wave: Wave, data: dict[str, Any]
) -> None:
    answer = issue(client_of(administrator), wave, **data)
    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
    assert not EnrollmentPass.objects.exists()
    assert not AuditEvent.objects.filter(action="pass.issued").exists()
    if "labels" not in data:
        assert "Ann\nBen</textarea>" in answer.content.decode()


def test_a_finished_wave_issues_no_more(client_of: Any, administrator: User, wave: Wave) -> None:
    client = client_of(administrator)
    page = client.get(f"/waves/{wave.pk}/").content.decode()
    match = re.search(r'name="form_id" value="([^"]+)"', page)
    assert match
    waves.finish_wave(actor=administrator, wave=wave)
    data = {"do": "issue", "labels": "Ann", "expiry": "7", "form_id": match[1]}
    answer = client.post(f"/waves/{wave.pk}/", data)
    assert answer.status_code == 422
    assert "This wave is finished" in answer.content.decode()
    assert not EnrollmentPass.objects.exists()


@pytest.mark.parametrize("tokens", [[], ["x"], ["A" * 26], ["\x00"], ["ü" * 26], ["A" * 10_000]])
def test_a_sheet_of_other_tokens_is_rejected(
    client_of: Any, administrator: User, wave: Wave, tokens: list[str]
) -> None:
    answer = client_of(administrator).post(f"/waves/{wave.pk}/", {"do": "sheet", "token": tokens})
    assert answer.status_code == 400
    assert "no longer belong to the passes of this wave" in answer.content.decode()
    assert not AuditEvent.objects.filter(action="wave.sheet_taken").exists()


def test_a_sheet_contains_no_pass_of_another_wave(client_of: Any, administrator: User, wave: Wave, site: Site) -> None:
    other = waves.create_wave(actor=administrator, title="Other", sites=[site])
    until = timezone.now() + timedelta(days=1)
    ((_pass, token),) = waves.issue_wave_passes(actor=administrator, wave=other, labels=["Ann"], expires_at=until)
    answer = client_of(administrator).post(f"/waves/{wave.pk}/", {"do": "sheet", "token": [token]})
    assert answer.status_code == 400


@pytest.mark.parametrize("action", ["", "x", "\x00"])
def test_an_unknown_action_is_rejected(client_of: Any, administrator: User, wave: Wave, action: str) -> None:
    assert client_of(administrator).post(f"/waves/{wave.pk}/", {"do": action}).status_code == 400


@pytest.mark.parametrize("query", ["state=x", "where=%00", "sort=hash", "page=x", "q=%00", f"page={10**30}"])
def test_an_invalid_filter_is_ignored(client_of: Any, administrator: User, wave: Wave, query: str) -> None:
    client = client_of(administrator)
    assert client.get(f"/waves/?{query}").status_code == 200
    assert client.get(f"/waves/{wave.pk}/?{query}").status_code == 200


def test_pages_take_as_many_queries_for_many_as_for_one(
    client_of: Any, administrator: User, wave: Wave, site: Site
) -> None:
    client = client_of(administrator)
    until = timezone.now() + timedelta(days=1)
    waves.issue_wave_passes(actor=administrator, wave=wave, labels=["Ann"], expires_at=until)
    counts = []
    for _round in range(2):
        for path in ("/waves/", f"/waves/{wave.pk}/"):
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
        if not _round:
            waves.issue_wave_passes(
                actor=administrator, wave=wave, labels=[f"Person {n}" for n in range(40)], expires_at=until
            )
            for number in range(10):
                waves.create_wave(actor=administrator, title=f"Wave {number}", sites=[site])
    assert counts[:2] == counts[2:]
