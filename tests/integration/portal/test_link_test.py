"""The test of a client ID: its progress, what it proved, and what only a sign-in can prove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import User
from rollout.compatibility.observation import KnownLinks
from rollout.models import ApplicationLink, AuditEvent, CheckRun, Finding, Rehearsal, RunState, SignIn, Site
from rollout.models.check_run import stored_findings
from rollout.services import links
from tests.support.evaluated import observation

pytestmark = pytest.mark.django_db
REDIRECT = "confluence-server://oauth-callback"
PROVED, BY_SIGN_IN = "What this check proved", "What only a sign-in can prove"
UNPROVED = "The site knows this client ID"
REACHED = ("AUTHORIZE-REACHABLE", "PASS", "The authorization endpoint responds.", "", {})
DIFFERS = ("CLIENT-ID-AUTHORIZE", "PASS", "The site rejects a made-up client ID.", "", {"answers": "different"})
SAME = ("CLIENT-ID-AUTHORIZE", "PASS", "Cannot be told before sign-in.", "", {"answers": "same"})
REJECTED = ("CLIENT-ID-AUTHORIZE", "ACTION_NEEDED", "The site rejects this client ID.", "Paste it again.", {})
UNREACHABLE = ("AUTHORIZE-REACHABLE", "UNKNOWN", "The authorization endpoint is unreachable.", "Check the network.", {})


@pytest.fixture
def link(alice: User, site: Site) -> ApplicationLink:
    return links.create_link(actor=alice, site=site, redirect_url=REDIRECT, client_id="abc")


@pytest.fixture
def page(client_of: Callable[[User], Client], alice: User, site: Site) -> Callable[[], str]:
    """The page of the link as alice reads it."""
    return lambda: unescape(client_of(alice).get(f"/sites/{site.pk}/link/").content.decode())


def check(site: Site, *rows: tuple[str, str, str, str, dict[str, str]], client_id: str = "abc") -> CheckRun:
    """Store a finished check with these findings of the MDM setup: rule, outcome, message, remedy, values."""
    findings = [
        Finding(position, "mdm", rule, outcome, message, remedy, values)
        for position, (rule, outcome, message, remedy, values) in enumerate(rows)
    ]
    now = timezone.now()
    return CheckRun.objects.create(
        site=site,
        trigger="button",
        state=RunState.DONE,
        requested_at=now,
        finished_at=now,
        observation=replace(observation(site), links=KnownLinks(mdm=client_id)).to_json(),
        evaluated_findings=stored_findings(findings),
    )


def lists(shown: str) -> tuple[str, str]:
    """The part of the page under each of the two headings."""
    assert shown.count(PROVED) == shown.count(BY_SIGN_IN) == 1
    proved, _, rest = shown.partition(PROVED)[2].partition(BY_SIGN_IN)
    return proved, rest.partition("</ul>")[0]


def test_it_works_from_the_button_to_the_result(
    client_of: Callable[[User], Client], alice: User, site: Site, link: ApplicationLink
) -> None:
    client, address = client_of(alice), f"/sites/{site.pk}/link/"
    assert client.post(f"{address}test/")["Location"] == address
    run = CheckRun.objects.get()
    assert (run.site, run.trigger, run.requested_by) == (site, "button", alice)
    assert AuditEvent.objects.filter(action="check.requested").count() == 1
    waiting = client.get(address).content.decode()
    assert f'hx-get="{address}test/progress/"' in waiting
    assert '<meta http-equiv="refresh" content="3">' in waiting
    assert "Gatepass is checking wiki.example.com" in waiting
    assert "Test the client ID" not in waiting
    client.post(f"{address}test/")
    assert CheckRun.objects.count() == 1
    run.delete()
    check(site, REACHED, DIFFERS)
    result = client.get(f"{address}test/progress/").content.decode()
    assert "hx-get" not in result
    assert PROVED in result
    assert "<html" not in result
    assert "http-equiv" not in client.get(address).content.decode()


def test_a_different_response_to_a_made_up_client_id_is_evidence(
    page: Callable[[], str], site: Site, link: ApplicationLink
) -> None:
    check(site, REACHED, DIFFERS)
    proved, by_sign_in = lists(page())
    assert "The authorization endpoint responds." in proved
    assert "The site rejects a made-up client ID." in proved
    assert UNPROVED not in by_sign_in
    for what in ("redirect URL of the link", REDIRECT, "invalid_scope", "The consent", "without a client secret"):
        assert what in by_sign_in


@pytest.mark.parametrize("findings", [(REACHED, SAME), (REACHED,)], ids=["same", "older check"])
def test_without_evidence_the_client_id_is_left_to_the_sign_in(
    page: Callable[[], str], site: Site, link: ApplicationLink, findings: Any
) -> None:
    check(site, *findings)
    proved, by_sign_in = lists(page())
    assert "Cannot be told" not in proved
    assert UNPROVED in by_sign_in
    assert "The check could not test" not in page()


def test_a_rejected_client_id_is_a_problem(page: Callable[[], str], site: Site, link: ApplicationLink) -> None:
    check(site, REACHED, REJECTED)
    proved, by_sign_in = lists(page())
    assert "The site rejects this client ID." in proved
    assert "Paste it again." in proved
    assert "Problem" in proved
    assert UNPROVED in by_sign_in


def test_other_rules_about_the_client_id_are_shown_too(
    page: Callable[[], str], site: Site, link: ApplicationLink
) -> None:
    known = ("CLIENT-ID-KNOWN", "WARNING", "The token endpoint rejects the client ID.", "Compare it.", {})
    unrelated = ("TLS-EXPIRY", "WARNING", "The certificate expires soon.", "Renew it.", {})
    check(site, REACHED, known, unrelated)
    shown = page()
    assert "The token endpoint rejects the client ID." in shown
    assert "The certificate expires soon." not in shown


@pytest.mark.parametrize("findings", [(UNREACHABLE,), ()], ids=["unreachable", "nothing evaluated"])
def test_a_check_that_did_not_get_there_proves_nothing(
    page: Callable[[], str], site: Site, link: ApplicationLink, findings: Any
) -> None:
    run = check(site, *findings)
    shown = page()
    assert ("The check could not test the client ID" in shown) == bool(findings)
    assert (f"/check-runs/{run.pk}/" in shown) == bool(findings)
    assert "The authorization endpoint responds" not in shown
    assert UNPROVED in shown


def test_a_check_of_another_client_id_does_not_count(
    page: Callable[[], str], site: Site, link: ApplicationLink
) -> None:
    check(site, REACHED, DIFFERS, client_id="an older one")
    assert PROVED not in page()
    assert "Test the client ID" in page()
    check(site, REACHED, DIFFERS)
    assert PROVED in page()
    CheckRun.objects.update(observation={"format": "of another version"})
    assert PROVED not in page()


def test_a_failed_check_offers_another(page: Callable[[], str], site: Site, link: ApplicationLink) -> None:
    run = check(site)
    CheckRun.objects.filter(pk=run.pk).update(state=RunState.FAILED, observation=None)
    assert "The check failed" in page()
    assert "Test the client ID" in page()


@pytest.mark.parametrize(
    ("fields", "sentence", "proves"),
    [
        ({"passed": True}, "The sign-in test passed.", True),
        ({"passed": False, "steps": [{"id": "token", "outcome": "failed"}]}, "The last sign-in test failed.", False),
        ({"passed": False, "steps": [{"id": "login", "outcome": "stopped"}]}, "reached the login page", False),
    ],
)
def test_a_sign_in_test_is_evidence(
    page: Callable[[], str], site: Site, link: ApplicationLink, fields: dict[str, Any], sentence: str, proves: bool
) -> None:
    check(site, REACHED, SAME)
    row = Rehearsal.objects.create(site=site, state=RunState.DONE, requested_at=timezone.now(), **fields)
    shown = page()
    assert sentence in shown
    assert f"/rehearsals/{row.pk}/" in shown
    assert ("What a sign-in proved" in shown) == proves
    assert ("Try on one phone" in shown) != proves
    row.requested_at = link.created_at - timedelta(minutes=1)  # a test of an earlier client ID
    row.save()
    assert sentence not in page()


def test_a_phone_that_signed_in_proves_the_rest(
    page: Callable[[], str], member: User, site: Site, link: ApplicationLink
) -> None:
    check(site, REACHED, SAME)
    SignIn.objects.create(site=site, person=member, client_id="abc", signed_in_at=timezone.now())
    assert "A phone has signed in with this client ID." in page()
    assert "What a sign-in proved" in page()


def test_a_rotated_client_id_is_tested_again(
    client_of: Callable[[User], Client], alice: User, site: Site, link: ApplicationLink
) -> None:
    check(site, REACHED, DIFFERS)
    answer = client_of(alice).post(f"/links/{link.pk}/rotate/", {"client_id": "def"}, follow=True)
    shown = answer.content.decode()
    assert answer.redirect_chain == [(f"/sites/{site.pk}/link/", 302)]
    assert "def" in shown
    assert PROVED not in shown
    assert "Test the client ID" in shown


def test_who_may_not_test(
    client_of: Callable[[User], Client], charlie: User, auditor: User, site: Site, link: ApplicationLink
) -> None:
    for user, status in ((charlie, 404), (auditor, 403)):
        assert client_of(user).post(f"/sites/{site.pk}/link/test/").status_code == status
        assert client_of(user).get(f"/sites/{site.pk}/link/test/progress/").status_code == status
    assert not CheckRun.objects.exists()


def test_an_archived_site_is_not_tested(
    client_of: Callable[[User], Client], alice: User, site: Site, link: ApplicationLink
) -> None:
    Site.objects.update(archived_at=timezone.now())
    shown = client_of(alice).post(f"/sites/{site.pk}/link/test/", follow=True).content.decode()
    assert "This site is archived" in shown
    assert not CheckRun.objects.exists()


def test_without_a_link_there_is_nothing_to_test(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    assert client_of(alice).get(f"/sites/{site.pk}/link/test/progress/").status_code == 404
