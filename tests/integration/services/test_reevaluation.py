"""Re-evaluation of stored observations: no network, old results stay, idempotent, in batches."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.models import User
from rollout.compatibility.verdict import Verdict
from rollout.models import AuditEvent, CheckRun, MatrixEdition, Notice, RunState, Site
from rollout.services import matrix
from rollout.services.checks import reevaluation
from tests.support.evaluated import WITH_PLUGINS, evaluate

pytestmark = pytest.mark.django_db


@pytest.fixture
def stricter(
    administrator: User, first_edition: MatrixEdition, django_capture_on_commit_callbacks: Any
) -> Callable[[], MatrixEdition]:
    """Activate an edition for which Confluence 9.2.1 is too old."""

    def put() -> MatrixEdition:
        draft = matrix.copy_edition(actor=administrator, edition=first_edition)
        draft.lines.filter(product="confluence").update(server="9.3")
        matrix.put_in_force(actor=administrator, edition=draft)
        matrix.clear_cache()
        return draft

    return put


def test_it_works_without_the_network(
    make_site: Callable[..., Site], administrator: User, stricter: Callable[[], MatrixEdition]
) -> None:
    site = make_site(base_url="https://unreachable.invalid", **WITH_PLUGINS)
    before = evaluate(site)
    edition = stricter()

    result = reevaluation.reevaluate_sites(actor=administrator, sites=Site.objects.all())

    (change,) = result.changes
    assert (change.was[0], change.now[0]) == (Verdict.READY_MDM, Verdict.INCOMPATIBLE)
    site.refresh_from_db()
    assert site.mdm_verdict == Verdict.INCOMPATIBLE
    newest = site.check_runs.first()
    assert newest is not None
    assert (newest.trigger, newest.matrix) == (CheckRun.Trigger.REEVALUATED, str(edition))
    assert (newest.was_mdm_verdict, newest.mdm_verdict) == (Verdict.READY_MDM, Verdict.INCOMPATIBLE)
    assert newest.observation == before.observation
    assert AuditEvent.objects.filter(action="site.verdict_changed", target_id=str(site.pk)).count() == 1
    assert Notice.objects.get().run == newest
    assert AuditEvent.objects.get(action="checks.rejudged").details == {"sites": 1, "changed": 1, "unreadable": 0}


def test_the_result_of_a_run_is_never_changed(
    make_site: Callable[..., Site], administrator: User, stricter: Callable[[], MatrixEdition]
) -> None:
    run = evaluate(make_site(**WITH_PLUGINS))
    before = (run.mdm_verdict, run.evaluated_findings, run.matrix)
    stricter()
    reevaluation.reevaluate_sites(actor=administrator, sites=Site.objects.all())
    run.refresh_from_db()
    assert (run.mdm_verdict, run.evaluated_findings, run.matrix) == before


def test_an_unchanged_result_only_records_the_matrix(make_site: Callable[..., Site], administrator: User) -> None:
    run = evaluate(make_site(**WITH_PLUGINS))
    CheckRun.objects.update(matrix="an older one")
    result = reevaluation.reevaluate_sites(actor=administrator, sites=Site.objects.all())
    assert (result.evaluated, result.changes) == (1, [])
    run.refresh_from_db()
    assert run.matrix == matrix.matrix_in_force().name
    assert CheckRun.objects.count() == 1


def test_an_unreadable_observation_is_counted_and_skipped(make_site: Callable[..., Site], administrator: User) -> None:
    broken = [evaluate(make_site(**WITH_PLUGINS)) for _ in range(4)]
    for run, stored in zip(broken, ({"format": 99}, {}, {"format": 1, "base_url": 5}, [1]), strict=True):
        CheckRun.objects.filter(pk=run.pk).update(observation=stored)
    evaluate(make_site(**WITH_PLUGINS))
    result = reevaluation.reevaluate_sites(actor=administrator, sites=Site.objects.all())
    assert (result.evaluated, result.unreadable) == (1, 4)
    assert set(Site.objects.values_list("mdm_verdict", flat=True)) == {Verdict.READY_MDM}


def test_sites_without_an_observation_or_with_a_running_check_are_skipped(
    make_site: Callable[..., Site], administrator: User, stricter: Callable[[], MatrixEdition]
) -> None:
    make_site()
    edited = make_site(**WITH_PLUGINS)
    evaluate(edited)
    Site.objects.filter(pk=edited.pk).update(checked_at=None)
    busy = make_site(**WITH_PLUGINS)
    run = evaluate(busy)
    CheckRun.objects.create(site=busy, trigger="button", requested_at=run.requested_at)
    stricter()
    result = reevaluation.reevaluate_sites(actor=administrator, sites=Site.objects.all())
    assert (result.evaluated, result.unknown, result.under_way) == (0, 2, 1)
    assert not CheckRun.objects.filter(trigger=CheckRun.Trigger.REEVALUATED).exists()


def test_the_task_reevaluates_outdated_results_once(
    make_site: Callable[..., Site], stricter: Callable[[], MatrixEdition]
) -> None:
    evaluate(make_site(**WITH_PLUGINS))
    evaluate(make_site(**WITH_PLUGINS), "old")
    evaluate(make_site(archived_at=None, **WITH_PLUGINS), "down")
    edition = stricter()
    first = reevaluation.reevaluate_outdated()
    assert (first.evaluated, len(first.changes)) == (3, 1)
    again = reevaluation.reevaluate_outdated()
    assert again.evaluated == 0
    newest = [site.check_runs.filter(state=RunState.DONE).first() for site in Site.objects.all()]
    assert {run.matrix for run in newest if run} == {str(edition)}
    assert AuditEvent.objects.filter(action="checks.rejudged").count() == 1


def test_the_statements_do_not_grow_with_the_sites(
    make_site: Callable[..., Site], administrator: User, stricter: Callable[[], MatrixEdition]
) -> None:
    def statements(sites: int) -> int:
        for _ in range(sites):
            evaluate(make_site(**WITH_PLUGINS))
        stricter()
        with CaptureQueriesContext(connection) as captured:
            assert reevaluation.reevaluate_outdated().evaluated
        return len(captured)

    few = statements(2)
    CheckRun.objects.all().delete()
    Site.objects.all().delete()
    MatrixEdition.objects.latest("pk").delete()  # the first one judges again
    matrix.clear_cache()
    assert statements(30) == few


def test_many_batches_reach_every_site(
    make_site: Callable[..., Site],
    administrator: User,
    stricter: Callable[[], MatrixEdition],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(7):
        evaluate(make_site(**WITH_PLUGINS))
    stricter()
    monkeypatch.setattr(reevaluation, "BATCH", 2)
    monkeypatch.setattr(reevaluation, "BATCHES_PER_TASK", 2)
    first = reevaluation.reevaluate_outdated()
    assert first.evaluated == 4
    last = first.changes[-1].site.pk
    assert reevaluation.reevaluate_outdated(after=last).evaluated == 3
    assert reevaluation.reevaluate_outdated().evaluated == 0


def test_the_command_prints_changes(make_site: Callable[..., Site], stricter: Callable[[], MatrixEdition]) -> None:
    site, other = make_site(**WITH_PLUGINS), make_site(**WITH_PLUGINS)
    evaluate(site)
    evaluate(other)
    edition, output = stricter(), StringIO()
    call_command("reevaluate", site.base_url + "/", "--json", stdout=output)
    report = json.loads(output.getvalue())
    assert (report["matrix"], report["sites"], report["evaluated"], report["changed"]) == (str(edition), 1, 1, 1)
    assert report["changes"][0]["url"] == site.base_url
    assert (report["changes"][0]["was"]["mdm"], report["changes"][0]["now"]["mdm"]) == ("READY_MDM", "INCOMPATIBLE")
    output = StringIO()
    call_command("reevaluate", "--all", stdout=output)
    assert "Re-evaluated 2 of 2 sites" in output.getvalue()
    assert "Sites with a new status: 1." in output.getvalue()


@pytest.mark.parametrize("arguments", [[], ["--all", "https://wiki.example.com"], ["nothing"], ["https://a.invalid"]])
def test_the_command_rejects_unknown_sites(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("reevaluate", *arguments)
