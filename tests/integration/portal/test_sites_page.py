"""The page of one site: setup progress, findings with evidence, and the actions of each role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from rollout.models import CheckRun, Rehearsal, SignIn, Site
from rollout.services import configurations, links, sites
from tests.support.evaluated import WITH_PLUGINS, evaluate

pytestmark = pytest.mark.django_db
REDIRECT = "confluence-server://oauth-callback"


def steps(page: Any) -> list[str]:
    return [step["state"] for step in page.context["steps"]]


@pytest.fixture
def ready(make_site: Any, alice: User) -> Site:
    site = make_site(owners=[alice], title="Wiki", **WITH_PLUGINS)
    evaluate(site)
    return site


def test_it_works_from_the_first_step_to_the_last(
    client_of: Callable[[User], Client], administrator: User, make_site: Any
) -> None:
    site = make_site(title="Wiki", **WITH_PLUGINS)
    client, address = client_of(administrator), f"/sites/{site.pk}/"
    seen = [steps(client.get(address))]
    evaluate(site)
    seen.append(steps(client.get(address)))
    links.create_link(actor=administrator, site=site, redirect_url=REDIRECT, client_id="client-1")
    site.non_mdm_verdict = "INCOMPATIBLE"
    site.save()
    seen.append(steps(client.get(address)))
    configurations.publish_release(actor=administrator, sites=Site.objects.filter(pk=site.pk))
    seen.append(steps(client.get(address)))
    now = timezone.now()
    Rehearsal.objects.create(site=site, state="done", passed=True, requested_at=now, finished_at=now)
    seen.append(steps(client.get(address)))
    SignIn.objects.create(site=site, person=administrator, client_id="client-1", signed_in_at=now)
    page = client.get(address)
    seen.append(steps(page))
    d, n, o = "done", "now", "later"
    assert seen == [[n, o, o, o, o], [d, d, d, n, o], [d, d, n, o, o], [d, d, d, n, o], [d, d, d, d, n], [d] * 5]
    assert "All five steps are done" in page.content.decode()


def test_a_rotated_client_id_requires_a_new_release(
    client_of: Callable[[User], Client], administrator: User, ready: Site
) -> None:
    link = links.create_link(actor=administrator, site=ready, redirect_url=REDIRECT, client_id="client-1")
    configurations.publish_release(actor=administrator, sites=Site.objects.filter(pk=ready.pk))
    links.rotate_link(actor=administrator, link=link, client_id="client-2")
    page = client_of(administrator).get(f"/sites/{ready.pk}/")
    assert steps(page)[2] == "now"
    assert "does not contain the current client ID" in page.content.decode()


def test_a_sign_in_test_does_not_count_as_roll_out(
    client_of: Callable[[User], Client], administrator: User, ready: Site
) -> None:
    SignIn.objects.create(
        site=ready, person=administrator, client_id="x", is_rehearsal=True, signed_in_at=timezone.now()
    )
    assert steps(client_of(administrator).get(f"/sites/{ready.pk}/"))[4] != "done"


def test_the_status_is_a_sentence_with_evidence(
    client_of: Callable[[User], Client], alice: User, make_site: Any
) -> None:
    site = make_site(owners=[alice], **WITH_PLUGINS)
    evaluate(site, "sso")
    page = client_of(alice).get(f"/sites/{site.pk}/").content.decode()
    assert "Ready" in page
    assert page.count("The reverse proxy redirects the app to sso.example.com.") == 1
    assert f"GET {site.base_url}/rest/nativemobile/1.1/info/login" in page
    assert "302 → https://sso.example.com/login" in page
    assert "INFO-LOGIN-OPEN" in page


def test_an_unreachable_site_is_reported_as_such(
    client_of: Callable[[User], Client], alice: User, make_site: Any
) -> None:
    site = make_site(owners=[alice], **WITH_PLUGINS)
    evaluate(site, "down")
    page = client_of(alice).get(f"/sites/{site.pk}/").content.decode()
    assert "accepts connections but did not respond in time." in page


def test_unknown_plugin_versions_link_to_their_form(
    client_of: Callable[[User], Client], alice: User, make_site: Any
) -> None:
    site = make_site(owners=[alice])
    evaluate(site)
    page = client_of(alice).get(f"/sites/{site.pk}/")
    assert page.context["next"].url == f"/sites/{site.pk}/checks/#plugins"
    assert 'id="plugins"' in client_of(alice).get(f"/sites/{site.pk}/checks/").content.decode()


def test_a_sign_in_test_that_reached_the_login_page_leads_to_a_pass(
    client_of: Callable[[User], Client], administrator: User, ready: Site
) -> None:
    walked = [{"id": "info-login", "outcome": "passed"}, {"id": "authorize", "outcome": "stopped"}]
    now = timezone.now()
    row = Rehearsal.objects.create(
        site=ready, state="done", passed=False, stopped_at="authorize", steps=walked, requested_at=now, finished_at=now
    )
    page = client_of(administrator).get(f"/sites/{ready.pk}/")
    assert steps(page) == ["done", "done", "done", "done", "now"]
    assert "up to the login page" in page.content.decode()
    assert page.context["next"].url == f"/passes/new/?site={ready.pk}"

    row.steps = [{"id": "info-login", "outcome": "failed"}, {"id": "authorize", "outcome": "skipped"}]
    row.save()
    page = client_of(administrator).get(f"/sites/{ready.pk}/")
    assert steps(page) == ["done", "done", "done", "now", "later"]
    assert page.context["next"].button == "Test again"


def test_findings_of_both_setups_are_shown_once(
    client_of: Callable[[User], Client], alice: User, make_site: Any
) -> None:
    site = make_site(owners=[alice], **WITH_PLUGINS)
    evaluate(site, "old")
    with_mdm, without = client_of(alice).get(f"/sites/{site.pk}/").context["setups"]
    assert [shown.finding.rule for shown in with_mdm.serious] == ["CONFLUENCE-VERSION"]
    assert not with_mdm.shared
    assert "CONFLUENCE-VERSION" in [shown.finding.rule for shown in without.shared]
    assert "CONFLUENCE-VERSION" not in [shown.finding.rule for shown in without.serious]


def test_findings_from_before_an_edit_are_not_shown(
    client_of: Callable[[User], Client], alice: User, ready: Site
) -> None:
    sites.update_site(actor=alice, site=ready, base_url="https://moved.example.com")
    page = client_of(alice).get(f"/sites/{ready.pk}/")
    assert not any(setup.is_evaluated for setup in page.context["setups"])
    assert page.context["next"] is None
    assert "Waiting for a worker" in page.content.decode()


def test_an_auditor_reads_and_is_offered_nothing_to_change(
    client_of: Callable[[User], Client], auditor: User, ready: Site
) -> None:
    page = client_of(auditor).get(f"/sites/{ready.pk}/")
    assert page.status_code == 200
    main = page.content.decode().split("<main", 1)[1]
    # Changes the notifications of the auditor, not the site.
    follow = f'<form method="post" action="/sites/{ready.pk}/follow/">'
    assert follow in main
    assert 'method="post"' not in main.replace(follow, "")
    assert "Archive site" not in main


def test_another_owner_gets_404(client_of: Callable[[User], Client], charlie: User, ready: Site) -> None:
    assert client_of(charlie).get(f"/sites/{ready.pk}/").status_code == 404


def test_an_observation_of_another_format_does_not_break_the_page(
    client_of: Callable[[User], Client], alice: User, ready: Site
) -> None:
    CheckRun.objects.filter(site=ready).update(observation={"format": 99})
    assert client_of(alice).get(f"/sites/{ready.pk}/").status_code == 200


def test_a_long_history_takes_the_same_queries(client_of: Callable[[User], Client], alice: User, ready: Site) -> None:
    client = client_of(alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/sites/{ready.pk}/")
        return len(captured)

    evaluate(ready)
    few = queries()
    for _ in range(8):
        evaluate(ready)
    assert queries() == few
