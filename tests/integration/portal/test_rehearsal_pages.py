"""Pages of sign-in tests: started by owners, polled while the test runs, with the reason and the next step at the "
"end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.models import User
from rollout.models import Rehearsal, RunState, Site
from rollout.rehearsal.transcript import Exchange, StepOutcome, StepResult, Transcript

ClientOf = Callable[[User], Client]
WIRE = Exchange(
    "GET", "https://wiki.example.com/x", {"code": "ab…"}, 302, None, "302 to sso.example.com", "<b>", 41, "now"
)


def step(id: str, outcome: StepOutcome, message: str = "Fine.", **values: str) -> StepResult:
    return StepResult(id, f"Title of {id}", outcome, message, values, (WIRE,))


@pytest.fixture
def make_rehearsal(site: Site) -> Callable[..., Rehearsal]:
    def make(*steps: StepResult, state: str = RunState.DONE, **fields: Any) -> Rehearsal:
        stored = Transcript(False, None, steps).to_json()["steps"]
        return Rehearsal.objects.create(site=site, state=state, steps=stored, requested_at=timezone.now(), **fields)

    return make


def test_it_works(client_of: ClientOf, alice: User, site: Site) -> None:
    client = client_of(alice)
    response = client.post(reverse("rehearse", args=[site.pk]))
    row = Rehearsal.objects.get()
    assert response["Location"] == reverse("rehearsal", args=[row.pk])
    page = client.get(response["Location"]).content.decode()
    assert "Waiting for a worker" in page
    assert f'hx-get="{reverse("rehearsal_progress", args=[row.pk])}"' in page
    assert re.search(r'<noscript>\s*<meta http-equiv="refresh"', page)
    client.post(reverse("rehearse", args=[site.pk]))
    assert Rehearsal.objects.count() == 1


def test_a_passed_test_stops_polling(client_of: ClientOf, alice: User, make_rehearsal: Any) -> None:
    row = make_rehearsal(step("token", StepOutcome.PASSED), passed=True)
    for name in ("rehearsal", "rehearsal_progress"):
        page = client_of(alice).get(reverse(name, args=[row.pk])).content.decode()
        assert "Sign-in works" in page
        assert "hx-get" not in page
        assert "http-equiv" not in page


def test_a_stopped_test_shows_the_reason_and_the_next_step(
    client_of: ClientOf, alice: User, make_rehearsal: Any
) -> None:
    message = "The site redirected the browser to %(host)s to sign in."
    row = make_rehearsal(
        step("authorize", StepOutcome.STOPPED, message, host="sso.example.com"),
        step("token", StepOutcome.SKIPPED, "Not reached."),
        passed=False,
        stopped_at="authorize",
    )
    page = client_of(alice).get(reverse("rehearsal", args=[row.pk])).content.decode()
    assert "redirected the browser to sso.example.com" in page
    assert "issue a pass to yourself" in page
    assert "302 to sso.example.com" in page
    assert "&lt;b&gt;" in page


def test_a_failed_test_shows_the_reason_and_the_next_step(
    client_of: ClientOf, alice: User, make_rehearsal: Any
) -> None:
    row = make_rehearsal(step("token", StepOutcome.FAILED, "The site rejected the code."), passed=False)
    page = client_of(alice).get(reverse("rehearsal", args=[row.pk])).content.decode()
    assert "Sign-in does not work" in page
    assert "Usually the OAuth plugin is too old" in page


def test_an_internal_error_does_not_blame_the_site(client_of: ClientOf, alice: User, make_rehearsal: Any) -> None:
    row = make_rehearsal(state=RunState.FAILED, failure="KeyError during the sign-in test")
    page = client_of(alice).get(reverse("rehearsal", args=[row.pk])).content.decode()
    assert "The error is in Gatepass, not on the site" in page


@pytest.mark.parametrize(
    "steps",
    [
        [],
        ["text"],
        [{}],
        [{"id": None, "outcome": "failed", "title": "50%", "message": "%(missing)s %"}],
        [{"outcome": "x", "detail": "100% <script>", "exchanges": [{}]}],
    ],
    ids=str,
)
def test_a_transcript_of_another_version_is_shown(
    client_of: ClientOf, alice: User, make_rehearsal: Any, steps: list[Any]
) -> None:
    row = make_rehearsal(passed=False)
    Rehearsal.objects.filter(pk=row.pk).update(steps=steps)
    page = client_of(alice).get(reverse("rehearsal", args=[row.pk]))
    assert page.status_code == 200
    assert "<script>1" not in page.content.decode()


def test_the_auditor_reads_only(client_of: ClientOf, auditor: User, site: Site, make_rehearsal: Any) -> None:
    row = make_rehearsal(passed=True)
    client = client_of(auditor)
    assert "Test again" not in client.get(reverse("rehearsal", args=[row.pk])).content.decode()
    assert client.post(reverse("rehearse", args=[site.pk])).status_code == 403
    assert Rehearsal.objects.count() == 1


def test_another_owner_and_a_member_find_nothing(
    client_of: ClientOf, charlie: User, member: User, site: Site, make_rehearsal: Any
) -> None:
    row = make_rehearsal(passed=True)
    for user in (charlie, member):
        client = client_of(user)
        assert client.post(reverse("rehearse", args=[site.pk])).status_code == 404
        for name in ("rehearsal", "rehearsal_progress"):
            assert client.get(reverse(name, args=[row.pk])).status_code == 404
    assert Rehearsal.objects.count() == 1


def test_get_starts_no_test(client_of: ClientOf, alice: User, site: Site) -> None:
    answer = client_of(alice).get(reverse("rehearse", args=[site.pk]))
    assert answer.headers["Location"] == reverse("site", args=[site.pk])
    assert not Rehearsal.objects.exists()


def test_an_archived_site_is_refused(client_of: ClientOf, alice: User, site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(archived_at=timezone.now())
    assert client_of(alice).post(reverse("rehearse", args=[site.pk]))["Location"] == reverse("site", args=[site.pk])
    assert not Rehearsal.objects.exists()


def test_the_page_takes_few_queries(
    client_of: ClientOf, alice: User, make_rehearsal: Any, django_assert_max_num_queries: Any
) -> None:
    row = make_rehearsal(*[step(f"s{number}", StepOutcome.PASSED) for number in range(8)], passed=True)
    client = client_of(alice)
    client.get(reverse("rehearsal", args=[row.pk]))
    with django_assert_max_num_queries(7):
        client.get(reverse("rehearsal", args=[row.pk]))
