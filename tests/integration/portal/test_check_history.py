"""Checks of a site: changes with both findings, filters, pages, CSV export, and the comparison of two checks."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.models import User
from portal.presenters.check_history import history_entries
from rollout.models import AuditEvent, CheckRun, MatrixEdition, Site
from rollout.services import matrix
from rollout.services.checks import reevaluation
from tests.support.evaluated import WITH_PLUGINS, evaluate

pytestmark = pytest.mark.django_db


@pytest.fixture
def wiki(make_site: Callable[..., Site], alice: User) -> Site:
    return make_site(owners=[alice], **WITH_PLUGINS)


@pytest.fixture
def client(client_of: Callable[[User], Client], alice: User) -> Client:
    return client_of(alice)


def page(client: Client, site: Site, query: str = "") -> str:
    return client.get(f"/sites/{site.pk}/checks/{query}").content.decode()


def compared(client: Client, site: Site, query: str = "") -> str:
    answer = client.get(f"/sites/{site.pk}/check-runs/compare/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_change_is_shown_with_both_findings(client: Client, wiki: Site) -> None:
    evaluate(wiki)
    evaluate(wiki, "sso")
    text = page(client, wiki)
    assert "All requirements were met." in text
    assert "sso.example.com" in text
    assert "Compare" in text


def test_a_change_between_two_problems_shows_both(client: Client, wiki: Site) -> None:
    evaluate(wiki, "off")
    evaluate(wiki, "old")
    text = page(client, wiki)
    (change,) = [one for one in history_entries(wiki.check_runs.all()[:1])[0].changes if one.setup == "non_mdm"]
    assert (change.was, change.now) == ("ACTION_NEEDED", "INCOMPATIBLE")
    assert change.was_because in text
    assert "8.5.4" in change.now_because


def test_a_change_by_a_new_matrix_is_shown_with_both_findings(
    client: Client, wiki: Site, administrator: User, first_edition: MatrixEdition
) -> None:
    evaluate(wiki)
    draft = matrix.copy_edition(actor=administrator, edition=first_edition)
    draft.lines.filter(product="confluence").update(server="9.3")
    matrix.put_in_force(actor=administrator, edition=draft)
    matrix.clear_cache()
    reevaluation.reevaluate_outdated()
    text = page(client, wiki, "?show=changes")
    assert "Re-evaluated" in text
    assert "9.3 or later is required" in text
    assert "All requirements were met." in text
    assert str(draft) in compared(client, wiki)


def test_only_changes(client: Client, wiki: Site) -> None:
    first, second, third = evaluate(wiki), evaluate(wiki), evaluate(wiki, "old")
    text = page(client, wiki, "?show=changes")
    assert f"/check-runs/{third.pk}/" in text
    assert f"/check-runs/{first.pk}/" not in text
    assert f"/check-runs/{second.pk}/" not in text
    assert f"/check-runs/{second.pk}/" in page(client, wiki)


def test_a_site_without_changes_has_an_empty_state(client: Client, wiki: Site) -> None:
    evaluate(wiki)
    assert "No status changes" in page(client, wiki, "?show=changes")


@pytest.mark.parametrize("query", ["?show=x", "?because=x", "?page=x", "?sort=x", "?show=%00", "?page=" + "9" * 40])
def test_an_invalid_filter_is_ignored(client: Client, wiki: Site, query: str) -> None:
    run = evaluate(wiki)
    assert f"/check-runs/{run.pk}/" in page(client, wiki, query)


def test_the_export_has_the_same_rows(client: Client, wiki: Site) -> None:
    evaluate(wiki, "sso")
    evaluate(wiki, "old")
    answer = client.get(f"/sites/{wiki.pk}/check-runs/export/?show=changes")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["with_mdm_was"], row["with_mdm"]) == ("READY_MDM", "INCOMPATIBLE")
    assert "8.5.4" in row["with_mdm_now_because"]
    assert row["with_mdm_was_because"] == "All requirements were met."
    assert AuditEvent.objects.filter(action="checks.exported", target_id=str(wiki.pk)).count() == 1


def test_queries_do_not_grow_with_the_checks(client: Client, wiki: Site) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(client, wiki)
        return len(captured)

    evaluate(wiki)
    evaluate(wiki, "old")
    evaluate(wiki)
    few = queries()
    for _ in range(10):
        evaluate(wiki, "old")
        evaluate(wiki)
    assert queries() == few


def test_two_checks_side_by_side(client: Client, wiki: Site) -> None:
    first, second = evaluate(wiki), evaluate(wiki, "old")
    text = compared(client, wiki, f"?was={first.pk}&now={second.pk}")
    assert "9.2.1" in text
    assert "8.5.4" in text
    assert "CONFLUENCE-VERSION" in text
    assert "TOKEN-REACHABLE" not in text  # the same in both
    assert "hidden" in text
    everything = compared(client, wiki, f"?was={first.pk}&now={second.pk}&all=1")
    assert "TOKEN-REACHABLE" in everything
    assert "left out" not in everything


def test_the_default_is_the_newest_check_and_the_one_before_the_last_change(client: Client, wiki: Site) -> None:
    evaluate(wiki, "sso")
    before, _flip, newest = evaluate(wiki), evaluate(wiki, "old"), evaluate(wiki, "old")
    text = compared(client, wiki)
    assert f'<option value="{before.pk}" selected>' in text
    assert f'<option value="{newest.pk}" selected>' in text


def test_two_checks_without_differences(client: Client, wiki: Site) -> None:
    first, second = evaluate(wiki), evaluate(wiki)
    CheckRun.objects.filter(pk=second.pk).update(observation=CheckRun.objects.get(pk=first.pk).observation)
    assert "No differences" in compared(client, wiki, f"?was={first.pk}&now={second.pk}")


def test_one_check_cannot_be_compared(client: Client, wiki: Site) -> None:
    assert "Nothing to compare yet" in compared(client, wiki)
    evaluate(wiki)
    assert "Nothing to compare yet" in compared(client, wiki)


@pytest.mark.parametrize("value", ["x", "-1", "0", "9" * 18, "9" * 40, "%00", "½", "²"])
def test_a_missing_check_is_reported(client: Client, wiki: Site, value: str) -> None:
    evaluate(wiki)
    evaluate(wiki)
    assert "does not exist" in compared(client, wiki, f"?was={value}")
    assert "does not exist" in compared(client, wiki, f"?now={value}")


def test_a_check_of_another_site_is_missing(client: Client, wiki: Site, make_site: Callable[..., Site]) -> None:
    evaluate(wiki)
    evaluate(wiki)
    foreign = evaluate(make_site(title="Secret", **WITH_PLUGINS), "old")
    text = compared(client, wiki, f"?now={foreign.pk}")
    assert "does not exist" in text
    assert "8.5.4" not in text


@pytest.mark.parametrize("stored", [{"format": 99}, {}, [1], {"format": 2, "base_url": {}}, None])
def test_an_unreadable_observation_leaves_the_rules(client: Client, wiki: Site, stored: Any) -> None:
    first, second = evaluate(wiki), evaluate(wiki, "old")
    CheckRun.objects.filter(pk=first.pk).update(observation=stored)
    text = compared(client, wiki, f"?was={first.pk}&now={second.pk}")
    assert "Only the findings are compared" in text
    assert "CONFLUENCE-VERSION" in text
    assert "Gatepass cannot read" in client.get(f"/check-runs/{first.pk}/").content.decode()
    assert client.get(f"/sites/{wiki.pk}/").status_code == 200


def test_a_removed_rule_is_still_compared(client: Client, wiki: Site) -> None:
    first, second = evaluate(wiki), evaluate(wiki)
    gone = {"position": 0, "setup": "mdm", "rule": "GONE", "message": "Broken %(place)s", "outcome": "WARNING"}
    CheckRun.objects.filter(pk=first.pk).update(evaluated_findings=[gone])
    assert "GONE" in compared(client, wiki, f"?was={first.pk}&now={second.pk}")
