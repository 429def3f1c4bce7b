"""The pages of passes: issue, show once, download the code, list, renew, revoke."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from portal.models import User
from rollout.models import AuditEvent, EnrollmentPass, Site, Wave
from rollout.services import passes as pass_service
from tests.support.pages import code_on, form_id_on, link_on

ClientOf = Callable[[User], Client]


def fields(site: Site, **changes: Any) -> dict[str, Any]:
    base = {"audience": "label", "label": "Pilot", "sites": [site.pk], "expiry": "7", "uses": "once"}
    return base | changes


def issue(client: Client, site: Site, **changes: Any) -> Any:
    page = client.get(reverse("pass_create"))
    return client.post(reverse("pass_create"), fields(site, form_id=form_id_on(page)) | changes)


@pytest.fixture
def make_pass(administrator: User) -> Callable[..., tuple[EnrollmentPass, str]]:
    def make(*sites: Site, label: str = "Pilot", **fields: Any) -> tuple[EnrollmentPass, str]:
        defaults = {"expires_at": timezone.now() + timedelta(days=7)}
        return pass_service.issue_pass(actor=administrator, label=label, sites=sites, **{**defaults, **fields})

    return make


def test_it_works(client_of: ClientOf, administrator: User, site: Site, member: User) -> None:
    client = client_of(administrator)
    page = issue(client, site, audience="person", person="MEMBER@example.com")
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert "Shown only once" in page.content.decode()
    row = EnrollmentPass.objects.get()
    assert (row.person, row.label, row.max_uses) == (member, str(member), 1)
    url = link_on(page)
    assert url.startswith(f"{settings.PUBLIC_URL}/e/")
    assert code_on(page).lower() == url.lower()
    assert pass_service.find_pass(url.rsplit("/", 1)[1]) == row
    later = client.get(reverse("pass", args=[row.pk])).content.decode()
    assert url.rsplit("/", 1)[1].lower() not in later.lower()


def test_a_repeated_post_issues_no_second_pass(client_of: ClientOf, administrator: User, site: Site) -> None:
    client = client_of(administrator)
    data = fields(site, form_id=form_id_on(client.get(reverse("pass_create"))))
    client.post(reverse("pass_create"), data)
    again = client.post(reverse("pass_create"), data, follow=True)
    row = EnrollmentPass.objects.get()
    assert again.redirect_chain == [(reverse("pass", args=[row.pk]), 302)]
    assert "already submitted" in again.content.decode()


@pytest.mark.parametrize("form_id", ["", "never-given", "\x00", "x" * 5000])
def test_an_unknown_form_id_issues_nothing(client_of: ClientOf, administrator: User, site: Site, form_id: str) -> None:
    page = client_of(administrator).post(reverse("pass_create"), fields(site, form_id=form_id), follow=True)
    assert "nothing was saved" in page.content.decode()
    assert not EnrollmentPass.objects.exists()


def test_a_corrected_form_is_accepted(client_of: ClientOf, administrator: User, site: Site) -> None:
    client = client_of(administrator)
    rejected = issue(client, site, label="")
    assert "Enter a name for the pass." in rejected.content.decode()
    assert client.post(reverse("pass_create"), fields(site, form_id=form_id_on(rejected))).status_code == 200
    assert EnrollmentPass.objects.count() == 1


@pytest.mark.parametrize(
    ("uses", "max_uses", "stored"), [("once", "99", 1), ("several", "20", 20), ("unlimited", "x", None)]
)
def test_uses(
    client_of: ClientOf, administrator: User, site: Site, uses: str, max_uses: str, stored: int | None
) -> None:
    issue(client_of(administrator), site, uses=uses, max_uses=max_uses)
    assert EnrollmentPass.objects.get().max_uses == stored


def test_a_pass_for_seven_days_expires_in_7_days(client_of: ClientOf, administrator: User, site: Site) -> None:
    client = client_of(administrator)
    issue(client, site, expiry="7")
    assert ">in 7 days</time>" in client.get(reverse("passes")).content.decode()


def test_a_date_lasts_until_its_end(client_of: ClientOf, administrator: User, site: Site) -> None:
    day = timezone.localdate() + timedelta(days=3)
    issue(client_of(administrator), site, expiry="date", expires_at=day.isoformat())
    expires = timezone.localtime(EnrollmentPass.objects.get().expires_at)
    assert (expires.date(), expires.hour, expires.minute) == (day, 23, 59)


HOSTILE = [
    {"label": ""},
    {"label": "x" * 121},
    {"label": "a\x00b"},
    {"audience": "everyone"},
    {"audience": "person", "person": "unknown@example.com"},
    {"audience": "person", "person": ""},
    {"audience": "person", "person": "a\x00@example.com"},
    {"sites": []},
    {"sites": ["0"]},
    {"sites": ["' OR 1=1"]},
    {"sites": ["9" * 40]},
    {"sites": ["\x00"]},
    {"sites": ["²"]},
    {"expiry": "365"},
    {"expiry": "-1"},
    {"expiry": "date"},
    {"expiry": "date", "expires_at": "2001-01-01"},
    {"expiry": "date", "expires_at": "9999-12-31"},
    {"expiry": "date", "expires_at": "31.31.2031"},
    {"uses": "often"},
    {"uses": "several", "max_uses": ""},
    {"uses": "several", "max_uses": "0"},
    {"uses": "several", "max_uses": "-5"},
    {"uses": "several", "max_uses": "1000001"},
    {"uses": "several", "max_uses": "9" * 400},
    {"uses": "several", "max_uses": "1e3"},
]


@pytest.mark.parametrize("changes", HOSTILE, ids=str)
def test_invalid_values_are_rejected_on_the_form(
    client_of: ClientOf, administrator: User, site: Site, changes: dict[str, Any]
) -> None:
    page = issue(client_of(administrator), site, **changes)
    assert page.status_code == 200
    assert "error-summary" in page.content.decode()
    assert not EnrollmentPass.objects.exists()
    assert not AuditEvent.objects.filter(action="pass.issued").exists()


def test_markup_in_a_label_stays_text(client_of: ClientOf, administrator: User, site: Site) -> None:
    page = issue(client_of(administrator), site, label='<script>alert(1)</script>"&')
    assert "<script>alert" not in page.content.decode()
    assert code_on(page)


def test_an_archived_site_is_rejected(client_of: ClientOf, administrator: User, make_site: Any, site: Site) -> None:
    archived = make_site(archived_at=timezone.now())
    page = issue(client_of(administrator), site, sites=[archived.pk])
    assert "error-summary" in page.content.decode()
    assert not EnrollmentPass.objects.exists()


def test_searching_for_a_site_issues_nothing(client_of: ClientOf, administrator: User, make_site: Any) -> None:
    rows = [make_site(title=f"Wiki {number:03}") for number in range(70)]
    client = client_of(administrator)
    first = client.get(reverse("pass_create")).content.decode()
    assert "more sites are not shown" in first
    assert "Wiki 069" not in first
    data = fields(rows[0], form_id="x", find="wiki 069", search="1")
    page = client.post(reverse("pass_create"), data).content.decode()
    assert "Wiki 069" in page
    assert re.search(rf'value="{rows[0].pk}" checked', page)
    assert 'value="Pilot"' in page
    assert not EnrollmentPass.objects.exists()


# --- The code as a file ----------------------------------------------------------------------------------------


def token_on(page: Any) -> str:
    return link_on(page).rsplit("/", 1)[1]


def test_the_code_as_png_svg_and_sheet(client_of: ClientOf, administrator: User, site: Site) -> None:
    client = client_of(administrator)
    token = token_on(issue(client, site))
    row = EnrollmentPass.objects.get()
    png = client.post(reverse("pass_qr", args=[row.pk, "png"]), {"token": token})
    assert png["Content-Type"] == "image/png"
    assert "no-store" in png["Cache-Control"]
    read = zxingcpp.read_barcode(Image.open(io.BytesIO(png.content)).convert("L"))
    assert read.text.lower() == pass_service.pass_url(token).lower()
    svg = client.post(reverse("pass_qr", args=[row.pk, "svg"]), {"token": token.lower()})
    assert svg["Content-Type"] == "image/svg+xml"
    assert svg.content.startswith(b"<svg")
    pdf = client.post(reverse("pass_qr", args=[row.pk, "pdf"]), {"token": token})
    assert pdf.content.startswith(b"%PDF")
    events = AuditEvent.objects.filter(action="pass.qr_taken").order_by("number")
    assert [event.details["kind"] for event in events] == ["png", "svg", "pdf"]
    assert token not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("token", ["", "A" * 26, "\x00", "x" * 9000, "é", "ſ" * 26])
def test_a_wrong_token_returns_no_code(
    client_of: ClientOf, administrator: User, make_pass: Any, site: Site, token: str
) -> None:
    row, _ = make_pass(site)
    page = client_of(administrator).post(reverse("pass_qr", args=[row.pk, "png"]), {"token": token})
    assert page.status_code == 400
    assert not AuditEvent.objects.filter(action="pass.qr_taken").exists()


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_get_returns_no_code(client_of: ClientOf, administrator: User, make_pass: Any, site: Site, kind: str) -> None:
    row, token = make_pass(site)
    answer = client_of(administrator).get(reverse("pass_qr", args=[row.pk, kind]), {"token": token})
    assert answer.headers["Location"] == reverse("pass", args=[row.pk])  # without the token
    assert not AuditEvent.objects.filter(action="pass.qr_taken").exists()


def test_an_unknown_kind_of_file(client_of: ClientOf, administrator: User, make_pass: Any, site: Site) -> None:
    row, token = make_pass(site)
    assert client_of(administrator).post(f"/passes/{row.pk}/qr.exe", {"token": token}).status_code == 404


# --- Renew and revoke ------------------------------------------------------------------------------------------


def test_a_new_link_replaces_the_old_one(client_of: ClientOf, administrator: User, make_pass: Any, site: Site) -> None:
    row, old = make_pass(site)
    client = client_of(administrator)
    data = {"form_id": form_id_on(client.get(reverse("pass", args=[row.pk]))), "expiry": "30"}
    page = client.post(reverse("pass_renew", args=[row.pk]), data)
    new = token_on(page)
    assert pass_service.find_pass(old) is None
    assert pass_service.find_pass(new) == row
    client.post(reverse("pass_renew", args=[row.pk]), data)  # the browser's reload
    assert pass_service.find_pass(new) == row
    assert client.post(reverse("pass_qr", args=[row.pk, "png"]), {"token": old}).status_code == 400


def test_a_new_link_for_a_revoked_pass_is_rejected(
    client_of: ClientOf, administrator: User, make_pass: Any, site: Site
) -> None:
    row, token = make_pass(site)
    client = client_of(administrator)
    form_id = form_id_on(client.get(reverse("pass", args=[row.pk])))
    pass_service.revoke_pass(actor=administrator, enrollment_pass=row)
    page = client.post(reverse("pass_renew", args=[row.pk]), {"form_id": form_id, "expiry": "7"})
    assert page.status_code == 200
    assert pass_service.find_pass(token) == row


@pytest.mark.parametrize("state", ["valid", "expired", "used_up", "revoked"])
def test_revoke_in_any_state(client_of: ClientOf, administrator: User, make_pass: Any, site: Site, state: str) -> None:
    row, _ = make_pass(site)
    changes = {
        "expired": {"expires_at": timezone.now()},
        "used_up": {"uses": 1},
        "revoked": {"revoked_at": row.created_at},
    }
    EnrollmentPass.objects.filter(pk=row.pk).update(**changes.get(state, {"uses": 0}))
    client = client_of(administrator)
    assert client.get(reverse("pass_revoke", args=[row.pk])).headers["Location"] == reverse("pass", args=[row.pk])
    row.refresh_from_db()
    assert row.state(timezone.now()) == state
    assert client.post(reverse("pass_revoke", args=[row.pk]), follow=True).status_code == 200
    row.refresh_from_db()
    assert row.state(timezone.now()) == "revoked"


# --- Roles -----------------------------------------------------------------------------------------------------


def test_the_owner_sees_and_changes_passes_of_her_sites(
    client_of: ClientOf, alice: User, make_pass: Any, site: Site
) -> None:
    row, _ = make_pass(site)
    client = client_of(alice)
    assert row.label in client.get(reverse("passes")).content.decode()
    assert client.post(reverse("pass_revoke", args=[row.pk])).status_code == 302
    assert issue(client, site).status_code == 200


def test_another_owner_finds_nothing(client_of: ClientOf, charlie: User, make_pass: Any, site: Site) -> None:
    row, token = make_pass(site)
    client = client_of(charlie)
    assert row.label not in client.get(reverse("passes")).content.decode()
    assert client.get(reverse("pass", args=[row.pk])).status_code == 404
    for name in ("pass_revoke", "pass_renew"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 404
    assert client.post(reverse("pass_qr", args=[row.pk, "png"]), {"token": token}).status_code == 404
    page = client.post(reverse("pass_create"), fields(site, form_id="x"))
    assert "error-summary" in page.content.decode()
    assert EnrollmentPass.objects.count() == 1


def test_an_owner_may_not_change_a_pass_with_another_owners_site(
    client_of: ClientOf, alice: User, make_pass: Any, make_site: Any, site: Site
) -> None:
    row, token = make_pass(site, make_site(title="Secret wiki"))
    client = client_of(alice)
    page = client.get(reverse("pass", args=[row.pk])).content.decode()
    assert "Secret wiki" not in page
    assert "that you have no access to" in page
    assert "Secret wiki" not in client.get(reverse("passes")).content.decode()
    export = b"".join(client.get(reverse("passes_export")).streaming_content).decode()
    assert "confluence-" not in export
    for name in ("pass_revoke", "pass_renew"):
        assert client.post(reverse(name, args=[row.pk]), {"expiry": "7"}).status_code == 403
    assert client.post(reverse("pass_qr", args=[row.pk, "png"]), {"token": token}).status_code == 403


def test_the_auditor_reads_only(client_of: ClientOf, auditor: User, make_pass: Any, site: Site) -> None:
    row, token = make_pass(site)
    client = client_of(auditor)
    assert row.label in client.get(reverse("passes")).content.decode()
    page = client.get(reverse("pass", args=[row.pk])).content.decode()
    assert "Revoke this pass" not in page
    assert client.get(reverse("pass_create")).status_code == 403
    assert client.post(reverse("pass_create"), fields(site)).status_code == 403
    for name in ("pass_revoke", "pass_renew"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 403
    assert client.post(reverse("pass_qr", args=[row.pk, "png"]), {"token": token}).status_code == 403
    row.refresh_from_db()
    assert row.revoked_at is None


def test_a_member_sees_their_own_on_my_passes_only(
    client_of: ClientOf, member: User, make_pass: Any, site: Site, make_site: Any
) -> None:
    other, _ = make_pass(make_site(title="Other wiki"), label="Another person")
    mine, _ = make_pass(site, person=member, label="Mine")
    client = client_of(member)
    for name, args in (("passes", []), ("pass_create", []), ("passes_export", []), ("pass", [mine.pk])):
        assert client.get(reverse(name, args=args)).status_code == 404
    assert client.post(reverse("pass_revoke", args=[other.pk])).status_code == 404
    page = client.get(reverse("my_passes")).content.decode()
    assert site.base_url in page
    assert "Other wiki" not in page


def test_my_passes_explains_passes_when_empty(client_of: ClientOf, member: User) -> None:
    assert "No passes yet" in client_of(member).get(reverse("my_passes")).content.decode()


def test_anonymous_visitors_are_redirected_to_sign_in(client: Client, make_pass: Any, site: Site) -> None:
    row, _ = make_pass(site)
    for name, args in (
        ("passes", []),
        ("pass_create", []),
        ("pass", [row.pk]),
        ("my_passes", []),
        ("passes_export", []),
    ):
        assert client.get(reverse(name, args=args)).status_code == 302


# --- List and export -------------------------------------------------------------------------------------------


def test_search_filter_and_sort(
    client_of: ClientOf, administrator: User, make_pass: Any, make_site: Any, site: Site
) -> None:
    wave = Wave.objects.create(title="First", created_at=timezone.now())
    make_pass(site, label="Alpha")
    revoked, _ = make_pass(make_site(), label="Beta", wave=wave)
    pass_service.revoke_pass(actor=administrator, enrollment_pass=revoked)
    client = client_of(administrator)

    def listed(**query: Any) -> list[str]:
        return [row.label for row in client.get(reverse("passes"), query).context["listing"].rows]

    assert listed(q="alp") == ["Alpha"]
    assert listed(state="revoked") == ["Beta"]
    assert listed(state="valid") == ["Alpha"]
    assert listed(site=site.pk) == ["Alpha"]
    assert listed(wave=wave.pk) == ["Beta"]
    assert listed(sort="label") == ["Alpha", "Beta"]
    assert listed(sort="-label") == ["Beta", "Alpha"]


@pytest.mark.parametrize(
    "query",
    [
        "sort=--label",
        "sort=token_digest",
        "page=999",
        "page=x",
        "state=x",
        "site=x",
        "wave=%00",
        "q=%00",
        "site=" + "9" * 30,
    ],
)
def test_an_invalid_query_still_lists(
    client_of: ClientOf, administrator: User, make_pass: Any, site: Site, query: str
) -> None:
    make_pass(site)
    assert client_of(administrator).get(f"{reverse('passes')}?{query}").status_code == 200


def test_the_export_contains_no_secret_and_no_formula(
    client_of: ClientOf, administrator: User, make_pass: Any, site: Site
) -> None:
    row, token = make_pass(site, label="=HYPERLINK(1)")
    text = b"".join(client_of(administrator).get(reverse("passes_export")).streaming_content).decode("utf-8-sig")
    line = next(csv.DictReader(io.StringIO(text)))
    assert not line["label"].startswith("=")
    assert line["state"] == "valid"
    assert line["sites"] == site.base_url
    assert token not in text
    assert row.token_digest not in text
    assert AuditEvent.objects.get(action="passes.exported").details == {"rows": 1}


def test_the_list_takes_few_queries_for_many_passes(
    client_of: ClientOf, administrator: User, make_pass: Any, site: Site, django_assert_max_num_queries: Any
) -> None:
    client = client_of(administrator)
    for number in range(20):
        make_pass(site, label=f"Pass {number}", person=administrator)
    client.get(reverse("passes"))
    with django_assert_max_num_queries(8):
        client.get(reverse("passes"))


def test_only_administrators_are_offered_addresses(
    client_of: Any, administrator: User, alice: User, bob: User, member: User, site: Site
) -> None:
    """The People page is closed to site owners; a known address they may enter."""
    offered, hidden = (client_of(user).get(reverse("pass_create")).text for user in (administrator, alice))
    for person in (bob, member, administrator):
        assert person.email in offered
        assert person.email not in hidden
    assert "select the person" not in hidden
