"""Applies current rules and the current matrix to stored observations, without network requests.

1. The result of a run is never changed. If the re-evaluation has the same result, the run only records the matrix;
   otherwise a new run (``Re-evaluated``) gets the same observation and the new findings, so the history keeps both.
2. Evaluating needs no lock. The rows are read again under the locks of a batch's sites: a site that was checked
   or re-evaluated in the meantime is skipped.
3. A site with a running check is skipped: that check uses the matrix in force anyway.
4. Batches are idempotent and ordered by site id, so a lost task is simply started again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from rollout.actor import Actor
from rollout.compatibility import rules
from rollout.compatibility.matrix import Matrix
from rollout.compatibility.observation import Observation
from rollout.compatibility.verdict import Evaluation
from rollout.models import CheckRun, RunState, Site
from rollout.models.check_run import UNFINISHED
from rollout.models.serialized_json import SerializedJson
from rollout.services import audit
from rollout.services.matrix import matrix_in_force
from rollout.services.notifications.notices import notice_changes
from rollout.services.queue import wake_worker
from rollout.services.rows import update_rows

from .evaluations import findings_of

BATCH = 250
BATCHES_PER_TASK = 8


@dataclass(frozen=True)
class Change:
    """A site whose verdict changed: the verdicts of MDM setup and Non-MDM setup, before and after."""

    site: Site
    was: tuple[str, str]
    now: tuple[str, str]

    @property
    def is_different(self) -> bool:
        return self.was != self.now


@dataclass
class Reevaluated:
    """How many sites were re-evaluated, and why the others were not.

    ``unreadable``: the stored observation has another format. ``under_way``: a check of the site is running.
    ``unknown``: there is no observation, or the site was edited since.
    """

    matrix: str
    evaluated: int = 0
    unreadable: int = 0
    under_way: int = 0
    unknown: int = 0
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class _Replay:
    run: CheckRun
    observation: Observation
    evaluation: Evaluation

    @property
    def verdicts(self) -> tuple[str, str]:
        return self.evaluation.mdm.verdict.value, self.evaluation.non_mdm.verdict.value

    @property
    def findings(self) -> SerializedJson:
        return findings_of(self.evaluation)

    @property
    def is_unchanged(self) -> bool:
        before = (self.run.mdm_verdict, self.run.non_mdm_verdict)
        return before == self.verdicts and self.run.evaluated_findings == json.loads(self.findings)


def reevaluate_sites(*, actor: Actor | None, sites: QuerySet[Site]) -> Reevaluated:
    """Re-evaluate the latest observation of each of these sites, regardless of the matrix it was evaluated with."""
    result, after = Reevaluated(matrix_in_force().name), 0
    while ids := _next_ids(sites, after):
        _reevaluate_batch(ids, matrix_in_force(), result)
        after = ids[-1]
    _record(actor, result)
    return result


def reevaluate_outdated(*, after: int = 0) -> Reevaluated:
    """Re-evaluate observations of other matrices than the one in force, in batches, starting after the site id
    ``after``.

    After several batches the rest is left to the next message, so that no task runs long.
    """
    result, matrix = Reevaluated(matrix_in_force().name), matrix_in_force()
    for _turn in range(BATCHES_PER_TASK):
        ids = _next_ids(Site.objects.active(), after)
        if not ids:
            break
        _reevaluate_batch(ids, matrix, result, outdated_only=True)
        after = ids[-1]
    else:
        wake_worker("reevaluate_sites", after)
    if result.evaluated:
        _record(None, result)
    return result


def sites_to_reevaluate() -> int:
    """Return how many sites a change of the matrix re-evaluates: those with an observation."""
    return Site.objects.active().filter(checked_at__isnull=False).count()


def _next_ids(sites: QuerySet[Site], after: int) -> list[int]:
    return list(sites.order_by("pk").filter(pk__gt=after).values_list("pk", flat=True).distinct()[:BATCH])


def _record(actor: Actor | None, result: Reevaluated) -> None:
    counts = {"sites": result.evaluated, "changed": len(result.changes), "unreadable": result.unreadable}
    audit.record(actor=actor, action="checks.rejudged", label=result.matrix, details=counts)


def _reevaluate_batch(ids: list[int], matrix: Matrix, result: Reevaluated, *, outdated_only: bool = False) -> None:
    runs = _newest_runs(ids)
    chosen = list(runs.exclude(matrix=matrix.name) if outdated_only else runs)
    result.unknown += 0 if outdated_only else len(ids) - len(chosen)
    replays = [replay for run in chosen if (replay := _replay(run, matrix))]
    result.unreadable += len(chosen) - len(replays)
    if not replays:
        return
    with transaction.atomic():
        sites = Site.objects.select_for_update(no_key=True).filter(pk__in=[replay.run.site_id for replay in replays])
        locked = {site.pk: site for site in sites.order_by("pk")}
        _write(replays, locked, result)


def _newest_runs(ids: list[int]) -> QuerySet[CheckRun]:
    """Return the latest evaluated run of each site that has not been edited since."""
    done = CheckRun.objects.filter(site=OuterRef("pk"), state=RunState.DONE).order_by("-pk").values("pk")[:1]
    sites = Site.objects.filter(pk__in=ids, checked_at__isnull=False)
    return CheckRun.objects.filter(pk__in=sites.values_list(Subquery(done), flat=True), observation__isnull=False)


def _replay(run: CheckRun, matrix: Matrix) -> _Replay | None:
    """Return None for an observation that cannot be read: another format, or not written by Gatepass."""
    try:
        observation = run.facts
        return _Replay(run, observation, rules.evaluate(observation, matrix)) if observation else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(replays: list[_Replay], sites: dict[int, Site], result: Reevaluated) -> None:
    """Write a batch whose sites are locked."""
    busy = set(CheckRun.objects.filter(site__in=sites, state__in=UNFINISHED).values_list("site", flat=True))
    matrix_by_run = {run.pk: run.matrix for run in _newest_runs(list(sites)).only("pk", "matrix", "site")}
    now, free = timezone.now(), [replay for replay in replays if replay.run.site_id not in busy]
    current = [replay for replay in free if matrix_by_run.get(replay.run.pk) == replay.run.matrix]
    result.under_way += len(replays) - len(free)
    result.evaluated += len(current)
    pairs = [(replay, _change(replay, sites[replay.run.site_id])) for replay in current]
    same = [replay.run.pk for replay, change in pairs if replay.is_unchanged and not change.is_different]
    if same:
        CheckRun.objects.filter(pk__in=same).update(matrix=result.matrix, evaluated_at=now)
    different = [(replay, change) for replay, change in pairs if replay.run.pk not in set(same)]
    runs = CheckRun.objects.bulk_create([_new_run(*pair, now) for pair in different], batch_size=100)
    changes = [change for _replay, change in pairs if change.is_different]
    _write_changes(changes)
    notice_changes(
        (change.site, run, replay.observation, replay.evaluation, True, change.was)
        for run, (replay, change) in zip(runs, different, strict=True)
        if change.is_different
    )
    result.changes += changes


def _change(replay: _Replay, site: Site) -> Change:
    return Change(site, (site.mdm_verdict, site.non_mdm_verdict), replay.verdicts)


def _new_run(replay: _Replay, change: Change, now: datetime) -> CheckRun:
    """Return a finished run with the same observation and the new evaluation."""
    mdm, non_mdm = replay.verdicts
    changed = change.is_different
    return CheckRun(
        site_id=change.site.pk,
        trigger=CheckRun.Trigger.REEVALUATED,
        state=RunState.DONE,
        host=replay.run.host,
        requested_at=now,
        started_at=now,
        finished_at=now,
        observation=replay.run.observation,
        mdm_verdict=mdm,
        non_mdm_verdict=non_mdm,
        was_mdm_verdict=change.was[0] if changed else "",
        was_non_mdm_verdict=change.was[1] if changed else "",
        changed_at=now if changed else None,
        matrix=replay.evaluation.matrix,
        evaluated_at=now,
        evaluated_findings=replay.findings,
    )


def _write_changes(changes: list[Change]) -> None:
    if not changes:
        return
    for change in changes:
        change.site.mdm_verdict, change.site.non_mdm_verdict = change.now
    update_rows([change.site for change in changes], ["mdm_verdict", "non_mdm_verdict"])
    targets: list[tuple[Any, dict[str, Any]]] = [
        (change.site, {"mdm": change.now[0], "non_mdm": change.now[1]}) for change in changes
    ]
    audit.record_many(actor=None, action="site.verdict_changed", targets=targets)
