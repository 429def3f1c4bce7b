"""The tabs of a site: addresses, what each shows, no sentence twice, and the update when a check ends."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from portal.presenters.site_tabs import TABS
from rollout.compatibility.observation import Answer, Observation
from rollout.models import AuditEvent, CheckRun, Rehearsal, RunState, Site
from rollout.services import configurations, links, sites
from rollout.services.checks import check_runs
from rollout.services.checks.check_progress import ProgressReport
from rollout.services.checks.evaluations import ProbeResult, record
from tests.support.evaluated import WITH_PLUGINS, evaluate, observation
from tests.support.observations import answer
from tests.support.sentences import repeated, sentences

pytestmark = pytest.mark.django_db
PATHS = ("", "checks/", "application-link/", "configuration/", "sign-in-tests/", "activity/")
ClientOf = Callable[[User], Client]


@pytest.fixture
def wiki(make_site: Any, alice: User) -> Site:
    return make_site(owners=[alice], title="Wiki", **WITH_PLUGINS)


def get(client: Client, site: Site, path: str = "") -> str:
    response = client.get(f"/sites/{site.pk}/{path}")
    assert response.status_code == 200
    return response.content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_it_works(client_of: ClientOf, alice: User, wiki: Site) -> None:
    """Each tab has its own address, links to the others, and is marked as the current one."""
    evaluate(wiki)
    assert len(TABS) == len(PATHS)
    for path in PATHS:
        page = get(client_of(alice), wiki, path)
        tabs = page.split('class="tabs', 1)[1].split("</nav>", 1)[0]
        assert re.findall(r'href="([^"]+)"( aria-current="page")?', tabs) == [
            (f"/sites/{wiki.pk}/{other}", ' aria-current="page"' if other == path else "") for other in PATHS
        ]
        assert page.count("<h1>") == 1


def test_the_former_address_of_the_checks_leads_to_the_tab(client_of: ClientOf, alice: User, wiki: Site) -> None:
    response = client_of(alice).get(f"/sites/{wiki.pk}/check-runs/?show=changes")
    assert (response.status_code, response["Location"]) == (301, f"/sites/{wiki.pk}/checks/?show=changes")


@pytest.mark.parametrize("path", PATHS)
def test_who_may_see_a_tab(
    client_of: ClientOf, client: Client, charlie: User, member: User, auditor: User, wiki: Site, path: str
) -> None:
    url = f"/sites/{wiki.pk}/{path}"
    assert client_of(auditor).get(url).status_code == 200
    assert client_of(charlie).get(url).status_code == 404
    assert client_of(member).get(url).status_code == 404
    assert client.get(url).status_code == 302


# --- No sentence twice ---------------------------------------------------------------------------------------------
def new(site: Site, actor: User) -> None:
    check_runs.request_check(site=site, actor=actor, trigger=CheckRun.Trigger.BUTTON)


def changed(site: Site, actor: User) -> None:
    for kind in ("ready", "sso", "down"):
        evaluate(site, kind)


def linked(site: Site, actor: User) -> None:
    evaluate(site)
    links.create_link(actor=actor, site=site, redirect_url="confluence-server://oauth-callback", client_id="client-1")
    configurations.publish_release(actor=actor, sites=Site.objects.filter(pk=site.pk))
    now = timezone.now()
    Rehearsal.objects.create(site=site, state="done", passed=True, requested_at=now, finished_at=now)


def waiting(site: Site, actor: User) -> None:
    evaluate(site, "old")
    new(site, actor)


def archived(site: Site, actor: User) -> None:
    evaluate(site)
    sites.archive_site(actor=actor, site=site)


EXAMPLES: dict[str, Callable[[Site, User], Any]] = {
    "new": new,
    "changed": changed,
    "linked": linked,
    "waiting": waiting,
    "archived": archived,
    **{kind: lambda site, actor, kind=kind: evaluate(site, kind) for kind in ("ready", "sso", "old", "off", "down")},
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("plugins", [WITH_PLUGINS, {}], ids=["plugins", "no-plugins"])
def test_no_sentence_stands_twice(
    client_of: ClientOf, administrator: User, make_site: Any, example: str, plugins: dict[str, str], path: str
) -> None:
    site = make_site(title="Wiki", **plugins)
    EXAMPLES[example](site, administrator)
    page = get(client_of(administrator), site, path)
    assert repeated(page) == []
    if not path:
        assert sentences(page)


@pytest.mark.parametrize("path", PATHS)
def test_no_sentence_stands_twice_for_a_hosted_site(client_of: ClientOf, administrator: User, path: str) -> None:
    site = sites.create_site(actor=administrator, title="Pilot", provider="gatepass", slug="pilot")
    assert repeated(get(client_of(administrator), site, path)) == []


@pytest.mark.parametrize("kind", ["ready", "sso", "old", "off", "down"])
def test_no_sentence_stands_twice_on_the_page_of_a_check(
    client_of: ClientOf, alice: User, wiki: Site, kind: str
) -> None:
    run = evaluate(wiki, kind)
    assert repeated(client_of(alice).get(f"/check-runs/{run.pk}/").content.decode()) == []


# --- What decides ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["sso", "old", "off", "down"])
def test_what_decides_is_not_folded_away(client_of: ClientOf, alice: User, wiki: Site, kind: str) -> None:
    evaluate(wiki, kind)
    page = client_of(alice).get(f"/sites/{wiki.pk}/")
    unfolded = re.sub(r"<details.*?</details>", "", page.content.decode(), flags=re.S)
    for setup in page.context["setups"]:
        if setup.verdict.startswith("READY"):
            continue
        deciding = (setup.serious or setup.shared)[0]
        assert f'href="#{deciding.anchor}"' in unfolded or setup.serious
        assert f'id="{deciding.anchor}"' in unfolded, (kind, setup.id, deciding.title)


def test_findings_have_one_anchor_each(client_of: ClientOf, alice: User, wiki: Site) -> None:
    evaluate(wiki, "sso")
    ids = re.findall(r'\bid="([^"]+)"', get(client_of(alice), wiki).split("<main", 1)[1])
    assert "rule-info-login-open" in ids
    assert len(ids) == len(set(ids))


def not_sent(seen: Observation) -> Observation:
    """The same observation, with requests that were not sent because an earlier one failed."""

    def unsent(answer: Answer) -> Answer:
        return replace(answer, status=None, error="not_sent", content_type="")

    return replace(
        seen,
        authorize=replace(seen.authorize, answer=unsent(seen.authorize.answer), kind="unreachable"),
        token=replace(seen.token, answer=unsent(seen.token.answer), kind="unreachable"),
    )


def evaluate_partly(site: Site) -> CheckRun:
    run = check_runs.request_check(site=site, actor=None, trigger=CheckRun.Trigger.BUTTON)
    CheckRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, started_at=timezone.now(), lease="test")
    record([ProbeResult(run.pk, site.pk, "test", not_sent(observation(site, "down")))])
    site.refresh_from_db()
    return run


def test_a_request_that_was_not_sent_is_no_evidence(client_of: ClientOf, alice: User, wiki: Site) -> None:
    run = evaluate_partly(wiki)
    for path in (f"/sites/{wiki.pk}/", f"/check-runs/{run.pk}/"):
        page = client_of(alice).get(path).content.decode()
        assert "not_sent" not in page, path
        assert page.count("Not checked because an earlier request failed:") == 1
        assert "Token endpoint access" in words(page).split("an earlier request failed:")[1]
        assert 'id="rule-token-reachable"' in page
    checks = get(client_of(alice), wiki, "checks/")
    assert "not_sent" not in checks
    assert words(checks).count("Not sent because an earlier request failed:") == 1


# --- Plugin versions, links, configuration, tests, activity -------------------------------------------------------
def test_the_configuration_tab_shows_the_entry_and_the_releases(
    client_of: ClientOf, administrator: User, wiki: Site
) -> None:
    assert "No release contains this site yet." in get(client_of(administrator), wiki, "configuration/")
    linked(wiki, administrator)
    page = words(get(client_of(administrator), wiki, "configuration/"))
    assert "client-1" in page
    assert "Release 1" in page
    assert "Current" in page


def test_the_tab_of_sign_in_tests_lists_their_results(client_of: ClientOf, alice: User, wiki: Site) -> None:
    now = timezone.now()
    tests = [
        Rehearsal.objects.create(site=wiki, state="done", passed=passed, requested_at=now, finished_at=now, steps=steps)
        for passed, steps in ((True, []), (False, [{"outcome": "failed"}]), (False, [{"outcome": "stopped"}]))
    ]
    page = get(client_of(alice), wiki, "sign-in-tests/")
    for test, label in zip(tests, ("Passed", "Failed", "Up to the login page"), strict=True):
        row = page.split(f'href="/rehearsals/{test.pk}/"', 1)[1].split("</li>", 1)[0]
        assert label in row
    assert "ehears" not in words(page)


def test_activity_lists_events_and_leads_to_the_log_of_the_site(client_of: ClientOf, alice: User, wiki: Site) -> None:
    sites.update_site(actor=alice, site=wiki, notes="Moved to the new data center")
    page = get(client_of(alice), wiki, "activity/")
    assert "changed the site" in words(page)
    log = re.search(r'href="(/activity/[^"]+)"', page).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    assert AuditEvent.objects.filter(target_type="site", target_id=str(wiki.pk)).exists()
    assert "changed the site" in words(client_of(alice).get(log).content.decode())


def test_the_setting_that_allows_an_internal_site_is_copied_and_explained(
    client_of: ClientOf, alice: User, wiki: Site
) -> None:
    evaluate(wiki, "internal")
    page = get(client_of(alice), wiki)
    assert ">PROBE_ALLOWED_NETWORKS=10.20.0.5/32</textarea>" in page
    link = re.search(r'href="(/troubleshooting/[^"]+)"', page).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    explained = words(client_of(alice).get(link).content.decode())
    assert "Gatepass is not allowed to connect to the site's address" in html.unescape(explained)
    assert "The administrator of the server can do this." in explained


# --- The update when a check ends ----------------------------------------------------------------------------------
def test_everything_is_replaced_when_the_check_ends(client_of: ClientOf, alice: User, wiki: Site) -> None:
    evaluate(wiki, "old")
    client = client_of(alice)
    assert client.post(f"/sites/{wiki.pk}/check/")["Location"] == f"/sites/{wiki.pk}/"
    run = CheckRun.objects.get(state="queued")
    page = get(client, wiki)
    polled = re.search(r'hx-get="([^"]+)"', page).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    assert f"/sites/{wiki.pk}/progress/?tab=summary&watched={run.pk}-queued-0" == polled
    assert f'href="/sites/{wiki.pk}/">' in page.split("<noscript>", 1)[1]  # the link without JavaScript

    assert client.get(polled).status_code == 204  # nothing has changed

    CheckRun.objects.filter(pk=run.pk).update(state="running", started_at=timezone.now())
    running = client.get(polled)
    assert "HX-Retarget" not in running
    assert "The check is running." in running.content.decode()
    assert f"watched={run.pk}-running-0" in running.content.decode()

    asyncio.run(ProgressReport(run)("manifest", answer("rest/applinks/1.0/manifest")))
    polled = polled.replace("queued-0", "running-0")
    further = client.get(polled)
    assert "1 of 6" in words(further.content.decode())
    assert f"watched={run.pk}-running-1" in further.content.decode()

    evaluate(wiki)
    ended = client.get(polled)
    assert (ended["HX-Retarget"], ended["HX-Reswap"]) == ("#site-content", "outerHTML")
    html = ended.content.decode()
    assert "hx-get" not in html
    assert "Incompatible" not in html
    assert "4 of 5" not in html
    assert "The check has ended. MDM setup : Ready. Non-MDM setup : Ready." in words(html).replace(
        "MDM setup:", "MDM setup :"
    )
    assert "Checked" in html.split('id="site-head"', 1)[1]
    assert "<html" not in html


@pytest.mark.parametrize("path", PATHS[1:])
def test_every_tab_is_updated(client_of: ClientOf, alice: User, wiki: Site, path: str) -> None:
    new(wiki, alice)
    polled = re.search(r'hx-get="([^"]+)"', get(client_of(alice), wiki, path + "?page=1")).group(1)  # type: ignore[union-attr]
    evaluate(wiki)
    html = client_of(alice).get(polled.replace("&amp;", "&")).content.decode()
    content = get(client_of(alice), wiki, path).split('id="site-content"', 1)[1].split("</main>", 1)[0]
    assert words(f"<div {content}") in words(html)
    assert "watched" not in html


def test_a_site_of_others_is_not_polled(client_of: ClientOf, charlie: User, wiki: Site) -> None:
    assert client_of(charlie).get(f"/sites/{wiki.pk}/progress/?tab=summary").status_code == 404


@pytest.mark.parametrize("query", ["", "?tab=x", "?tab=&watched=x", "?watched=%00", "?tab=checks&show=x&page=x"])
def test_any_query_is_answered(client_of: ClientOf, alice: User, wiki: Site, query: str) -> None:
    assert client_of(alice).get(f"/sites/{wiki.pk}/progress/{query}").status_code == 200


def test_a_failed_check_is_named_once_and_the_status_stays(client_of: ClientOf, alice: User, wiki: Site) -> None:
    evaluate(wiki)
    CheckRun.objects.create(site=wiki, trigger="button", state="failed", requested_at=timezone.now(), failure="OSError")
    page = get(client_of(alice), wiki)
    assert "The last check failed" in page
    assert "Ready" in page
    evaluate(wiki)
    assert "The last check failed" not in get(client_of(alice), wiki)


# --- Queries -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", PATHS)
def test_few_and_many_rows_take_the_same_queries(
    client_of: ClientOf, administrator: User, wiki: Site, path: str
) -> None:
    client = client_of(administrator)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/sites/{wiki.pk}/{path}")
        return len(captured)

    def add() -> None:
        now = timezone.now()
        evaluate(wiki)
        evaluate(wiki, "sso")
        Site.objects.filter(pk=wiki.pk).update(title=f"Wiki {now}")
        configurations.publish_release(actor=administrator, sites=Site.objects.filter(pk=wiki.pk))
        Rehearsal.objects.create(
            site=wiki, state="done", passed=True, requested_at=now, finished_at=now, requested_by=administrator
        )

    add()
    add()
    few = queries()
    for _ in range(5):
        add()
    assert queries() == few
    assert few <= 40
