"""Pages of phone results: the form, the list with what counts, withdrawing, and who may do what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from rollout.models import AuditEvent, PhoneResult, Site
from rollout.services import phone_results, sites

FIELDS = {
    "setup": "mdm", "reached": "worked", "client_certificate": "yes", "ios_version": "18.5", "app_version": "2.0.1",
    "tried_on": "2026-03-01", "tried_by": "Ruth Example", "note": "Face ID was asked twice",
}  # fmt: skip


@pytest.fixture(autouse=True)
def today(time_machine) -> None:
    time_machine.move_to("2026-03-02T12:00:00Z", tick=True)


@pytest.fixture
def send(site, alice, client_of):
    """``send(**fields)`` submits the form as the owner of the site and follows the redirect."""

    def post(**fields: Any) -> Any:
        return client_of(alice).post(reverse("phone_result_new", args=[site.pk]), FIELDS | fields, follow=True)

    return post


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_it_works(send, site) -> None:
    answer = send()
    page = text_of(answer)
    assert answer.redirect_chain == [(reverse("phone_results", args=[site.pk]), 302)]
    assert "Recorded. Rechecking the site with this result…" in page
    for shown in ("1 Mar 2026", "Ruth Example", "MDM setup", "Worked", "App 2.0.1", "iOS 18.5", "Face ID was asked"):
        assert shown in page
    row = PhoneResult.objects.get()
    assert (row.outcome, row.failed_step, row.tried_on) == ("worked", "", date(2026, 3, 1))


def test_a_failure_names_its_step(send) -> None:
    page = text_of(send(reached="return", setup="non_mdm"))
    assert "Failed" in page
    assert "The phone did not return to the app" in page
    assert PhoneResult.objects.get().failed_step == "return"


def test_the_form_starts_with_today_and_the_name_of_the_person(site, alice, client_of) -> None:
    page = text_of(client_of(alice).get(reverse("phone_result_new", args=[site.pk])))
    assert 'value="2026-03-02"' in page
    assert f'value="{alice}"' in page
    assert site.base_url in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"setup": ""}, "Choose the setup that you tried."),
        ({"reached": ""}, "Choose what happened."),
        ({"reached": "elsewhere"}, "Select a valid choice"),
        ({"app_version": "newest"}, "This is not a version number."),
        ({"ios_version": ""}, "Enter the iOS version."),
        ({"tried_on": "2026-03-09"}, "This day is in the future."),
        ({"tried_on": "yesterday"}, "Enter a date."),
        ({"tried_by": " "}, "Enter who tried it."),
    ],
)
def test_errors_are_shown_with_the_input_kept(send, fields, message) -> None:
    answer = send(**fields)
    page = text_of(answer)
    assert answer.status_code == 422
    assert message in page
    assert "Face ID was asked twice" in page
    assert not PhoneResult.objects.exists()


def test_text_of_a_person_is_escaped(send) -> None:
    page = text_of(send(note="<script>alert(1)</script>", tried_by="<b>Ruth</b>"))
    assert "<script>alert" not in page
    assert "<b>Ruth" not in page


def test_withdrawing_keeps_the_result_and_shows_the_reason(send, site, alice, client_of) -> None:
    send()
    row, desk = PhoneResult.objects.get(), client_of(alice)
    url = reverse("phone_result_withdraw", args=[row.pk])
    assert "It stays in the list" in text_of(desk.get(url))
    assert desk.post(url, {"reason": ""}).status_code == 422
    page = text_of(desk.post(url, {"reason": "The wrong phone"}, follow=True))
    assert "Withdrawn. Rechecking the site without this result…" in page
    assert "The wrong phone" in page
    assert "Ruth Example" in page
    assert url not in page
    assert desk.get(url).status_code == 302
    assert desk.post(url, {"reason": "again"}).status_code == 302
    assert AuditEvent.objects.filter(action="phone_result.withdrawn").count() == 1


def test_who_may_do_what(send, site, client_of, auditor, charlie, member, bob) -> None:
    send()
    row = PhoneResult.objects.get()
    listing, new = (reverse(name, args=[site.pk]) for name in ("phone_results", "phone_result_new"))
    withdraw = reverse("phone_result_withdraw", args=[row.pk])
    reader = client_of(auditor)
    page = text_of(reader.get(listing))
    assert "Ruth Example" in page
    assert new not in page
    assert withdraw not in page
    for client, status in ((reader, 403), (client_of(charlie), 404), (client_of(member), 404)):
        assert client.post(new, FIELDS).status_code == status
        assert client.post(withdraw, {"reason": "no"}).status_code == status
    assert client_of(charlie).get(listing).status_code == 404
    assert client_of(bob).get(listing).status_code == 200
    row.refresh_from_db()
    assert row.withdrawn_at is None
    assert PhoneResult.objects.count() == 1


def test_the_list_without_results_says_what_they_are_for(site, alice, auditor, client_of) -> None:
    url = reverse("phone_results", args=[site.pk])
    assert "No phone has been tried yet" in text_of(client_of(alice).get(url))
    assert reverse("phone_result_new", args=[site.pk]) not in text_of(client_of(auditor).get(url))


def test_the_list_can_be_filtered_by_setup_and_has_pages(send, site, alice, client_of) -> None:
    for number in range(51):
        PhoneResult.objects.create(
            site=site, setup="mdm", outcome="worked", ios_version="18.5", app_version=f"2.{number}", base_url="x",
            tried_on=timezone.localdate() - timedelta(days=number), tried_by="Ruth", recorded_at=timezone.now(),
        )  # fmt: skip
    desk, url = client_of(alice), reverse("phone_results", args=[site.pk])
    assert "App 2.50" not in text_of(desk.get(url))
    assert "App 2.50" in text_of(desk.get(f"{url}?page=2"))
    assert "No results for this setup" in text_of(desk.get(f"{url}?setup=non_mdm"))


def test_a_result_at_an_earlier_base_url_is_shown_as_not_counting(send, site, alice, client_of) -> None:
    send()
    sites.update_site(actor=alice, site=site, base_url="https://new.example.com")
    page = text_of(client_of(alice).get(reverse("phone_results", args=[site.pk])))
    assert f"Does not count: tried at {site.base_url}" in page


def test_the_tab_of_the_site_shows_the_newest_and_leads_to_the_list(site, alice, client_of) -> None:
    for day in range(1, 5):
        phone_results.record_result(
            actor=alice, site=site, setup="mdm", outcome="failed", failed_step="content", ios_version="18.5",
            app_version="2.0.1", tried_on=date(2026, 2, day), tried_by=f"Person {day}",
        )  # fmt: skip
    site = Site.objects.get(pk=site.pk)
    page = text_of(client_of(alice).get(reverse("site_tests", args=[site.pk])))
    assert "Person 4" in page
    assert "Person 1" not in page
    assert reverse("phone_results", args=[site.pk]) in page
