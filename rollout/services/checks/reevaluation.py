"""Replays today's rules and matrix on what was observed before, without touching the network.

1. What a run said is never rewritten. Where the replay says the same, the run only notes by which matrix; where it says
   anything else, a run of its own (``Re-evaluated``) carries the same observation and what is said of it now, so that
   the history keeps both.
2. Judging needs no lock. What was read is looked at again under the locks of a batch's sites: a site that was checked,
   or judged again, in the meantime is left as it is.
3. A site whose check is under way is left to it: that one judges by the matrix in force anyway.
4. Batches are idempotent and go by site id, so a task that was lost is only started again.
"""

from __future__ import annotations

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
from rollout.services import audit
from rollout.services.matrix import matrix_in_force
from rollout.services.notifications.notices import notice_changes
from rollout.services.queue import wake_worker
from rollout.services.rows import update_rows

from .evaluations import findings_of

BATCH = 250
BATCHES_A_TASK = 8


@dataclass(frozen=True)
class Change:
    """A site whose verdict became another one: the verdicts with and without MDM, before and after."""

    site: Site
    was: tuple[str, str]
    now: tuple[str, str]

    @property
    def is_one(self) -> bool:
        return self.was != self.now


@dataclass
class Reevaluated:
    """How many sites were judged again, and what became of the rest.

    ``unreadable``: the stored observation cannot be read any more. ``under_way``: a check of the site is. ``unknown``:
    nothing was observed of it yet, or it was edited since.
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
    def findings(self) -> list[dict[str, Any]]:
        return findings_of(self.evaluation)

    @property
    def says_the_same(self) -> bool:
        before = (self.run.mdm_verdict, self.run.non_mdm_verdict)
        return before == self.verdicts and self.run.evaluated_findings == self.findings


def reevaluate_sites(*, actor: Actor | None, sites: QuerySet[Site]) -> Reevaluated:
    """Judge the newest observation of each of these sites again, whatever matrix it was judged by."""
    result, after = Reevaluated(matrix_in_force().name), 0
    while ids := _next_ids(sites, after):
        _reevaluate_batch(ids, matrix_in_force(), result)
        after = ids[-1]
    _record(actor, result)
    return result


def reevaluate_outdated(*, after: int = 0) -> Reevaluated:
    """Judge again what was judged by another matrix than the one in force, in batches from the site id ``after`` on.

    After so many batches the rest is left to the next message, so that no task runs long.
    """
    result, matrix = Reevaluated(matrix_in_force().name), matrix_in_force()
    for _turn in range(BATCHES_A_TASK):
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
    """Return how many sites a change of the matrix judges again: those that something was observed of."""
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
    """The newest judged run of each site that still is what was observed."""
    done = CheckRun.objects.filter(site=OuterRef("pk"), state=RunState.DONE).order_by("-pk").values("pk")[:1]
    sites = Site.objects.filter(pk__in=ids, checked_at__isnull=False)
    return CheckRun.objects.filter(pk__in=sites.values_list(Subquery(done), flat=True), observation__isnull=False)


def _replay(run: CheckRun, matrix: Matrix) -> _Replay | None:
    """None for an observation that cannot be read: stored in another format, or not by Gatepass."""
    try:
        observation = run.facts
        return _Replay(run, observation, rules.evaluate(observation, matrix)) if observation else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(replays: list[_Replay], sites: dict[int, Site], result: Reevaluated) -> None:
    """Write a batch whose sites are locked."""
    busy = set(CheckRun.objects.filter(site__in=sites, state__in=UNFINISHED).values_list("site", flat=True))
    still = {run.pk: run.matrix for run in _newest_runs(list(sites)).only("pk", "matrix", "site")}
    now, free = timezone.now(), [replay for replay in replays if replay.run.site_id not in busy]
    mine = [replay for replay in free if still.get(replay.run.pk) == replay.run.matrix]
    result.under_way += len(replays) - len(free)
    result.evaluated += len(mine)
    told = [(replay, _change(replay, sites[replay.run.site_id])) for replay in mine]
    same = [replay.run.pk for replay, change in told if replay.says_the_same and not change.is_one]
    if same:
        CheckRun.objects.filter(pk__in=same).update(matrix=result.matrix, evaluated_at=now)
    other = [(replay, change) for replay, change in told if replay.run.pk not in set(same)]
    runs = CheckRun.objects.bulk_create([_new_run(*one, now) for one in other], batch_size=100)
    changes = [change for _replay, change in told if change.is_one]
    _write_changes(changes)
    notice_changes(
        (change.site, run, replay.observation, replay.evaluation, True, change.was)
        for run, (replay, change) in zip(runs, other, strict=True)
        if change.is_one
    )
    result.changes += changes


def _change(replay: _Replay, site: Site) -> Change:
    return Change(site, (site.mdm_verdict, site.non_mdm_verdict), replay.verdicts)


def _new_run(replay: _Replay, change: Change, now: datetime) -> CheckRun:
    """A finished run with the same observation and what is said of it today."""
    mdm, non_mdm = replay.verdicts
    changed = change.is_one
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
