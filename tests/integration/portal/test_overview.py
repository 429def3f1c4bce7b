"""The overview page: each site counts once; needs, changes, sign-ins; a constant number of queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from rollout.compatibility.verdict import Verdict
from rollout.models import CheckRun, EnrollmentPass, ProbeHost, SignIn, Wave
from rollout.services import links
from tests.support.evaluated import WITH_PLUGINS, evaluate

pytestmark = pytest.mark.django_db
READY, ALSO = Verdict.READY_MDM, Verdict.READY_NON_MDM


def counts(page: Any) -> dict[str, int]:
    """Each category of the share bar."""
    return {part["url"].rpartition("=")[2]: part["count"] for part in page.context["parts"]}


def test_it_works_and_counts_each_site_once(
    client_of: Callable[[User], Client], administrator: User, make_site: Any
) -> None:
    pairs = [
        (READY, ALSO), (READY, Verdict.INCOMPATIBLE), (Verdict.UNKNOWN, ALSO),
        (Verdict.ACTION_NEEDED, Verdict.INCOMPATIBLE),
        (Verdict.UNKNOWN, Verdict.INCOMPATIBLE), (Verdict.INCOMPATIBLE, Verdict.INCOMPATIBLE),
        (Verdict.UNKNOWN, Verdict.ACTION_NEEDED),
    ]  # fmt: skip
    for mdm, non_mdm in pairs:
        make_site(mdm_verdict=mdm, non_mdm_verdict=non_mdm)
    make_site(mdm_verdict=READY, archived_at=timezone.now())
    page = client_of(administrator).get("/")
    assert counts(page) == {"ready_mdm": 2, "ready_non_mdm": 1, "action": 2, "unknown": 1, "incompatible": 1}
    for name, number in counts(page).items():
        assert client_of(administrator).get(f"/sites/?status={name}").context["listing"].count == number


def test_a_tile_counts_by_setup_and_links_to_exactly_these_sites(
    client_of: Callable[[User], Client], administrator: User, make_site: Any
) -> None:
    pairs = [(READY, ALSO), (READY, Verdict.ACTION_NEEDED), (Verdict.UNKNOWN, ALSO), (READY, ALSO)]
    for people, (mdm, non_mdm) in enumerate([*pairs, (Verdict.INCOMPATIBLE, Verdict.UNKNOWN)]):
        make_site(mdm_verdict=mdm, non_mdm_verdict=non_mdm, people=10**people)
    make_site(mdm_verdict=READY, non_mdm_verdict=ALSO, archived_at=timezone.now())
    client = client_of(administrator)
    tiles = client.get("/").context["tiles"]
    assert [(tile.sites, tile.people) for tile in tiles] == [(3, 1011), (3, 1101), (0, 0), (1, 10000), (0, 0)]
    for tile in tiles:
        assert client.get(f"/sites/?{tile.query}").context["listing"].count == tile.sites


def test_without_sites_the_page_explains_how_to_add_one(
    client_of: Callable[[User], Client], administrator: User, auditor: User
) -> None:
    page = client_of(administrator).get("/").content.decode()
    assert "No sites yet" in page
    assert "/sites/import/" in page
    assert "/sites/new/" not in client_of(auditor).get("/").content.decode()


def test_anonymous_people_and_members_are_redirected(
    client_of: Callable[[User], Client], client: Client, member: User
) -> None:
    assert "/accounts/login/" in client.get("/")["Location"]
    assert client_of(member).get("/")["Location"] == "/me/passes/"


def test_sites_that_need_attention_are_ordered_by_people_with_one_button_each(
    client_of: Callable[[User], Client], alice: User, make_site: Any
) -> None:
    small = make_site(owners=[alice], title="Small", people=5, **WITH_PLUGINS)
    large = make_site(owners=[alice], title="Large", people=500)
    make_site(owners=[alice], title="New", people=50)
    linked = make_site(owners=[alice], title="Linked", people=900, **WITH_PLUGINS)
    done = make_site(owners=[alice], title="Without", people=900, **WITH_PLUGINS)
    evaluate(small, "sso")
    evaluate(large)
    evaluate(linked, "sso")
    evaluate(done)
    links.create_link(actor=alice, site=linked, redirect_url="confluence-server://oauth-callback", client_id="c")
    page = client_of(alice).get("/")
    assert [(need.site.title, need.kind) for need in page.context["needs"]] == [
        ("Large", "plugins"), ("New", "unchecked"), ("Small", "link"),
    ]  # fmt: skip
    text = page.content.decode()
    assert "The version of the OAuth 2.0 provider plugin is unknown" in text
    assert f"/sites/{small.pk}/link/" in text


def test_changes_in_the_last_24_hours(client_of: Callable[[User], Client], alice: User, make_site: Any) -> None:
    site = make_site(owners=[alice], title="Turned", **WITH_PLUGINS)
    evaluate(site)
    run = evaluate(site, "sso")
    assert [flip.run for flip in client_of(alice).get("/").context["flips"]] == [run]
    CheckRun.objects.filter(pk=run.pk).update(changed_at=timezone.now() - timedelta(days=2))
    assert client_of(alice).get("/").context["flips"] == []


def test_sign_ins_of_own_sites_with_sign_in_tests_marked(
    client_of: Callable[[User], Client], alice: User, member: User, make_site: Any
) -> None:
    mine, foreign = make_site(owners=[alice]), make_site()
    for site in (mine, foreign):
        SignIn.objects.create(site=site, person=member, client_id="c", is_rehearsal=True, signed_in_at=timezone.now())
    page = client_of(alice).get("/")
    assert [sign_in.site for sign_in in page.context["sign_ins"]] == [mine]
    assert '<span class="tag">Sign-in test</span>' in page.content.decode()


def test_the_running_wave_and_its_funnel(
    client_of: Callable[[User], Client], administrator: User, member: User, make_site: Any
) -> None:
    now, site = timezone.now(), make_site()
    old = Wave.objects.create(title="Over", created_at=now, finished_at=now)
    wave = Wave.objects.create(title="Pilot", created_at=now)
    for row in (old, wave):
        row.sites.add(site)
    for number, uses in enumerate((0, 0, 1, 1)):
        EnrollmentPass.objects.create(
            token_digest=f"{number:064d}", label="P", wave=wave, uses=uses, max_uses=1, created_at=now,
            expires_at=now + timedelta(days=1), person=member if number == 3 else None,
        )  # fmt: skip
    SignIn.objects.create(site=site, person=member, client_id="c", signed_in_at=now + timedelta(minutes=1))
    page = client_of(administrator).get("/")
    assert page.context["wave"] == wave
    assert [stage["count"] for stage in page.context["stages"]] == [4, 2]  # Gatepass does not see sign-ins on this site
    type(site).objects.filter(pk=site.pk).update(provider="gatepass", slug="pilot")
    page = client_of(administrator).get("/")
    assert [stage["count"] for stage in page.context["stages"]] == [4, 2, 1]


def test_an_auditor_reads_without_buttons_that_change(
    client_of: Callable[[User], Client], auditor: User, make_site: Any
) -> None:
    make_site()
    main = client_of(auditor).get("/").content.decode().split("<main", 1)[1]
    assert "Check now" not in main
    assert "Add site" not in main


def test_five_and_sixty_sites_take_the_same_queries(
    client_of: Callable[[User], Client], administrator: User, member: User, make_site: Any
) -> None:
    client = client_of(administrator)

    def add(count: int) -> None:
        for _ in range(count):
            site = make_site()
            evaluate(site)
            evaluate(site, "old")
            SignIn.objects.create(site=site, person=member, client_id="c", signed_in_at=timezone.now())

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/")
        return len(captured)

    add(9)
    few = queries()
    add(16)
    assert queries() == few


def test_a_note_is_shown_when_no_worker_starts_queued_checks(
    client_of: Callable[[User], Client], administrator: User, alice: User, make_site: Any
) -> None:
    site = make_site(owners=[alice])
    now = timezone.now()
    run = CheckRun.objects.create(site=site, host="wiki.example.com", requested_at=now, trigger="schedule")
    title = "Checks are not running"

    def page(user: User = administrator) -> str:
        return client_of(user).get("/").content.decode()

    assert title not in page()  # it has been queued only for a moment
    CheckRun.objects.filter(pk=run.pk).update(requested_at=now - timedelta(minutes=4))
    assert title in page()
    assert title in page(alice)
    ProbeHost.objects.create(host="other.example.com", lease="x", leased_until=now - timedelta(seconds=30))
    assert title not in page()  # a worker is running
    ProbeHost.objects.update(lease="", leased_until=None, free_at=now - timedelta(minutes=4))
    assert title in page()
    CheckRun.objects.filter(pk=run.pk).update(state="done")
    assert title not in page()
