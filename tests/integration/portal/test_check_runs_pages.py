"""Check runs on the page: asking, watching until the end, looking back; and who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from rollout.models import CheckRun, Site
from tests.support.evaluated import WITH_PLUGINS, evaluate

pytestmark = pytest.mark.django_db


def test_it_works_and_the_page_stops_polling_at_the_end(
    client_of: Callable[[User], Client], alice: User, make_site: Any
) -> None:
    site = make_site(owners=[alice], **WITH_PLUGINS)
    client = client_of(alice)
    assert client.post(f"/sites/{site.pk}/check/")["Location"] == f"/sites/{site.pk}/"
    run = CheckRun.objects.get()
    address = f"/check-runs/{run.pk}/"
    waiting = client.get(address).content.decode()
    assert f'hx-get="/check-runs/{run.pk}/progress/"' in waiting
    assert "Reload" in waiting  # the link without JavaScript
    assert "hx-trigger" in client.get(f"{address}progress/").content.decode()
    evaluate(site)  # the same run: a site has one unfinished at a time
    done = client.get(f"{address}progress/").content.decode()
    assert "hx-trigger" not in done
    assert "Ready" in done
    assert "<html" not in done
    assert CheckRun.objects.count() == 1


def test_two_requests_lead_to_the_same_run(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    client = client_of(alice)
    for _ in range(2):
        client.post(f"/sites/{site.pk}/check/")
    assert CheckRun.objects.count() == 1


def test_opening_the_url_starts_no_check(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    assert client_of(alice).get(f"/sites/{site.pk}/check/").status_code == 302
    assert client_of(alice).get("/sites/check/").status_code == 302
    assert not CheckRun.objects.exists()


def test_a_failed_run_names_the_cause(client_of: Callable[[User], Client], alice: User, site: Site) -> None:
    run = CheckRun.objects.create(
        site=site, trigger="button", state="failed", requested_at=timezone.now(), failure="OSError while checking"
    )
    page = client_of(alice).get(f"/check-runs/{run.pk}/").content.decode()
    assert "The check failed" in page
    assert "hx-trigger" not in page


def test_the_history_shows_what_a_run_changed(client_of: Callable[[User], Client], alice: User, make_site: Any) -> None:
    site = make_site(owners=[alice], **WITH_PLUGINS)
    evaluate(site)
    evaluate(site, "sso")
    page = client_of(alice).get(f"/sites/{site.pk}/checks/").content.decode()
    assert "All requirements were met." in page
    assert client_of(alice).get(f"/sites/{site.pk}/checks/?page=x").status_code == 200


def test_a_finding_of_a_removed_rule_is_still_shown(
    client_of: Callable[[User], Client], alice: User, make_site: Any
) -> None:
    site = make_site(owners=[alice], **WITH_PLUGINS)
    run = evaluate(site)
    gone = {"position": 0, "setup": "mdm", "rule": "GONE", "message": "Broken %(place)s", "outcome": "WARNING"}
    CheckRun.objects.filter(pk=run.pk).update(evaluated_findings=[gone])
    page = client_of(alice).get(f"/check-runs/{run.pk}/")
    assert page.status_code == 200
    assert "GONE" in page.content.decode()


def test_a_selection_is_checked(client_of: Callable[[User], Client], alice: User, make_site: Any) -> None:
    mine = [make_site(owners=[alice]) for _ in range(3)]
    foreign, archived = make_site(), make_site(owners=[alice], archived_at=timezone.now())
    ids = [*(site.pk for site in mine[:2]), foreign.pk, archived.pk]
    page = client_of(alice).post("/sites/check/", {"site": ids}, follow=True)
    assert "2 checks started." in page.content.decode()
    assert set(CheckRun.objects.values_list("site", flat=True)) == {site.pk for site in mine[:2]}


@pytest.mark.parametrize(
    "ids", [[], ["x"], ["-1"], ["9" * 40], ["\x00"], ["½"], ["²"], ["1e3"], ["9223372036854775807"]]
)
def test_a_hostile_selection_checks_nothing(
    client_of: Callable[[User], Client], administrator: User, site: Site, ids: list[str]
) -> None:
    page = client_of(administrator).post("/sites/check/", {"site": ids}, follow=True)
    assert "Select at least one site" in page.content.decode()
    assert not CheckRun.objects.exists()


def test_who_may_not(
    client_of: Callable[[User], Client], client: Client, charlie: User, auditor: User, member: User, site: Site
) -> None:
    run = CheckRun.objects.create(site=site, trigger="button", state="done", requested_at=timezone.now())
    reading = [f"/check-runs/{run.pk}/", f"/check-runs/{run.pk}/progress/", f"/sites/{site.pk}/checks/"]
    for path in reading:
        assert client_of(auditor).get(path).status_code == 200, path
        assert client_of(charlie).get(path).status_code == 404, path
        assert client_of(member).get(path).status_code == 404, path
        assert client.get(path).status_code == 302, path
    assert client_of(auditor).post("/sites/check/", {"site": [site.pk]}).status_code == 403
    assert client_of(member).post("/sites/check/", {"site": [site.pk]}).status_code == 404
    assert client_of(charlie).post("/sites/check/", {"site": [site.pk]}).status_code == 302
    assert CheckRun.objects.count() == 1


def test_five_and_sixty_runs_take_the_same_queries(
    client_of: Callable[[User], Client], alice: User, site: Site
) -> None:
    client = client_of(alice)

    def add(count: int) -> None:
        for _ in range(count):
            CheckRun.objects.create(
                site=site, trigger="button", state="done", requested_at=timezone.now(), requested_by=alice
            )

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/sites/{site.pk}/checks/")
        return len(captured)

    add(5)
    few = queries()
    add(55)
    assert queries() == few
