"""Writes the results of checks: observations, verdicts and findings, in batches.

The number of statements does not grow with the batch, locks are taken in the usual order (sites by id, runs,
sweeps, the head of the audit chain), and runs without the writer's lease are left alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from rollout.compatibility import rules
from rollout.compatibility.observation import Observation
from rollout.compatibility.sources import server_version
from rollout.compatibility.verdict import Evaluation
from rollout.models import CheckRun, Finding, RunState, Site, Sweep
from rollout.models.check_run import stored_findings
from rollout.probes.site import Target
from rollout.services import audit
from rollout.services.matrix import matrix_in_force
from rollout.services.notifications import notices
from rollout.services.rows import update_rows

from .due_times import due_after_our_fault, next_due

RUN_FIELDS = (
    "state", "finished_at", "lease", "lease_until", "failure", "observation", "mdm_verdict", "non_mdm_verdict",
    "matrix", "evaluated_at", "evaluated_findings", "was_mdm_verdict", "was_non_mdm_verdict", "changed_at",
)  # fmt: skip
SITE_FIELDS = ("server_version", "checked_at", "check_due_at", "failed_checks", "mdm_verdict", "non_mdm_verdict")


@dataclass(frozen=True)
class ProbeResult:
    """The result of probing a run's site: the observation, or the error in Gatepass that prevented it."""

    run_id: int
    site_id: int
    lease: str
    observation: Observation | None = None
    failure: str = ""
    target: Target | None = None


@dataclass(frozen=True)
class Evaluated:
    """A run with a written evaluation, and whether it changed a verdict. ``run.site`` is up to date."""

    run: CheckRun
    observation: Observation
    evaluation: Evaluation
    changed: bool
    was: tuple[str, str]  # the site's previous verdicts for MDM setup and Non-MDM setup


def record(batch: Sequence[ProbeResult]) -> list[Evaluated]:
    """Finish the runs that still have their lease, evaluate them and update their sites."""
    matrix = matrix_in_force()
    evaluations = {one.run_id: rules.evaluate(one.observation, matrix) for one in batch if one.observation is not None}
    with transaction.atomic():
        # Sites first, as in an edit: a run that is older than an edit does not overwrite its reset.
        sites = _locked_sites([one.site_id for one in batch])
        runs = {run.pk: run for run in _held(batch)}
        held = [one for one in batch if one.run_id in runs and runs[one.run_id].lease == one.lease]
        again = [one for one in held if not _is_still_about(sites[one.site_id], one)]
        _start_over([runs[one.run_id] for one in again], sites)
        now, evaluated = timezone.now(), []
        ended = [one for one in held if one not in again]
        for one in ended:
            run, site = runs[one.run_id], sites[one.site_id]
            run.site = site
            if one.observation is None:
                _mark_failed(run, site, one.failure, now)
            else:
                was = (site.mdm_verdict, site.non_mdm_verdict)
                changed = _evaluate(run, site, one.observation, evaluations[one.run_id], now)
                evaluated.append(Evaluated(run, one.observation, evaluations[one.run_id], changed, was))
        update_rows([runs[one.run_id] for one in ended], RUN_FIELDS)
        update_rows([sites[one.site_id] for one in ended], SITE_FIELDS)
        _count([runs[one.run_id] for one in ended], evaluated, now)
        _tell(evaluated)
    return evaluated


def _locked_sites(ids: Sequence[int]) -> dict[int, Site]:
    rows = Site.objects.select_for_update(no_key=True).defer("notes").filter(pk__in=ids)
    return {site.pk: site for site in rows.order_by("pk")}


def _held(batch: Sequence[ProbeResult]) -> QuerySet[CheckRun]:
    rows = CheckRun.objects.select_for_update(no_key=True).defer("observation", "evaluated_findings")
    return rows.filter(pk__in=[one.run_id for one in batch], state=RunState.RUNNING).order_by("pk")


def _is_still_about(site: Site, answered: ProbeResult) -> bool:
    """Whether the site is still the one that was observed: an edit during the run may change the target."""
    observation, target = answered.observation, answered.target
    if observation is None:
        return True
    asked = (observation.base_url, observation.product, observation.plugins)
    way = (target.ca_bundle, target.through_proxy) if target else (site.ca_bundle, site.through_proxy)
    return (*asked, *way) == (
        site.base_url, site.product, site.plugin_versions, site.ca_bundle, site.through_proxy
    )  # fmt: skip


def _start_over(runs: list[CheckRun], sites: dict[int, Site]) -> None:
    for run in runs:
        run.state, run.lease, run.lease_until, run.started_at = RunState.QUEUED, "", None, None
        run.host = sites[run.site_id].host  # the edit may have changed the host
    update_rows(runs, ["state", "lease", "lease_until", "started_at", "host"])


def _end(run: CheckRun, state: RunState, now: datetime) -> None:
    run.state, run.finished_at, run.lease, run.lease_until = state, now, "", None


def _mark_failed(run: CheckRun, site: Site, failure: str, now: datetime) -> None:
    _end(run, RunState.FAILED, now)
    run.failure = failure[:200]
    site.check_due_at = None if site.archived_at else due_after_our_fault(now)


def _evaluate(run: CheckRun, site: Site, observation: Observation, evaluation: Evaluation, now: datetime) -> bool:
    _end(run, RunState.DONE, now)
    run.observation = observation.to_json()
    changed = put_evaluation(run=run, site=site, evaluation=evaluation, now=now)
    site.server_version = (server_version(observation).text or site.server_version)[:40]
    site.checked_at = observation.observed_at
    site.failed_checks = min(site.failed_checks + 1, 1000) if is_unreachable(observation) else 0
    site.check_due_at = None if site.archived_at else next_due(now, failed_checks=site.failed_checks)
    return changed


def put_evaluation(*, run: CheckRun, site: Site, evaluation: Evaluation, now: datetime) -> bool:
    """Set verdicts and findings on a run and its site, in memory only; return whether a verdict of the site changed.

    The first evaluation of a site is not a change. Changes recorded at an earlier evaluation of the run stay.
    """
    mdm, non_mdm = evaluation.mdm.verdict.value, evaluation.non_mdm.verdict.value
    changed = site.checked_at is not None and (site.mdm_verdict, site.non_mdm_verdict) != (mdm, non_mdm)
    run.mdm_verdict, run.non_mdm_verdict, run.matrix, run.evaluated_at = mdm, non_mdm, evaluation.matrix, now
    run.evaluated_findings = findings_of(evaluation)
    if changed:
        run.was_mdm_verdict, run.was_non_mdm_verdict, run.changed_at = site.mdm_verdict, site.non_mdm_verdict, now
    site.mdm_verdict, site.non_mdm_verdict = mdm, non_mdm
    return changed


def is_unreachable(observation: Observation) -> bool:
    """Whether no request got a response."""
    parts = (observation.manifest, observation.info_login, observation.authorize, observation.token)
    return all(part.answer.status is None for part in parts)


def _count(ended: list[CheckRun], evaluated: list[Evaluated], now: datetime) -> None:
    """Update the counters of the sweeps that these runs belong to."""
    moved: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for run in ended:
        if run.sweep_id:
            moved[run.sweep_id]["done" if run.state == RunState.DONE else "broken"] += 1
    for one in evaluated:
        if one.run.sweep_id:
            moved[one.run.sweep_id]["failing"] += is_unreachable(one.observation)
            moved[one.run.sweep_id]["changed"] += one.changed
    for sweep_id, counts in sorted(moved.items()):
        Sweep.objects.filter(pk=sweep_id).update(
            last_finished_at=now, **{name: F(name) + count for name, count in counts.items() if count}
        )


def _tell(evaluated: list[Evaluated]) -> None:
    """Record and notify changes. Both lock the head of the audit chain: nothing is locked after this."""
    notices.notice_changes(
        (one.run.site, one.run, one.observation, one.evaluation, one.changed, one.was) for one in evaluated
    )
    targets: list[tuple[Any, dict[str, Any]]] = [
        (one.run.site, {"mdm": one.run.mdm_verdict, "non_mdm": one.run.non_mdm_verdict})
        for one in evaluated
        if one.changed
    ]
    if targets:
        audit.record_many(actor=None, action="site.verdict_changed", targets=targets)


def findings_of(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return the findings of both setups as they are stored."""
    return stored_findings(
        Finding(
            position=position,
            setup=setup.setup.value,
            rule=finding.rule,
            outcome=finding.outcome.value,
            message=finding.message,
            remedy=finding.remedy,
            values=finding.values,
            asked=finding.answer.asked if finding.answer else "",
            answered=finding.answer.answered if finding.answer else "",
            answered_at=finding.answer.at if finding.answer else None,
        )
        for setup in evaluation.setups()
        for position, finding in enumerate(setup.findings)
    )
