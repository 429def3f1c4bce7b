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
from rollout.models.serialized_json import SerializedJson
from rollout.probes.site import Target
from rollout.services import audit
from rollout.services.matrix import matrix_in_force
from rollout.services.notifications import notices
from rollout.services.rows import update_rows

from . import reported_identity
from .due_times import due_after_internal_error, next_due
from .target_extras import TargetExtras, extras_of

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
    previous: tuple[str, str]  # the site's previous verdicts for MDM setup and Non-MDM setup


def record(batch: Sequence[ProbeResult]) -> list[Evaluated]:
    """Finish the runs that still have their lease, evaluate them and update their sites."""
    matrix = matrix_in_force()
    evaluations = {
        result.run_id: rules.evaluate(result.observation, matrix) for result in batch if result.observation is not None
    }
    with transaction.atomic():
        # Sites first, as in an edit: a run that is older than an edit does not overwrite its reset.
        sites = _locked_sites([result.site_id for result in batch])
        runs = {run.pk: run for run in _locked_runs(batch)}
        leased = [result for result in batch if result.run_id in runs and runs[result.run_id].lease == result.lease]
        filled = _fill_in(leased, sites)
        extras = extras_of(list(sites))
        edited = [
            result for result in leased if not _is_unedited(sites[result.site_id], extras[result.site_id], result)
        ]
        _requeue([runs[result.run_id] for result in edited], sites)
        now, evaluated = timezone.now(), []
        finished = [result for result in leased if result not in edited]
        for result in finished:
            run, site = runs[result.run_id], sites[result.site_id]
            run.site = site
            if result.observation is None:
                _mark_failed(run, site, result.failure, now)
            else:
                previous = (site.mdm_verdict, site.non_mdm_verdict)
                changed = _evaluate(run, site, result.observation, evaluations[result.run_id], now)
                evaluated.append(Evaluated(run, result.observation, evaluations[result.run_id], changed, previous))
        update_rows([runs[result.run_id] for result in finished], RUN_FIELDS)
        update_rows([sites[result.site_id] for result in finished], SITE_FIELDS)
        _count([runs[result.run_id] for result in finished], evaluated, now)
        _record_changes(evaluated)
        _record_filled(filled)
    return evaluated


def _locked_sites(ids: Sequence[int]) -> dict[int, Site]:
    rows = Site.objects.select_for_update(no_key=True).defer("notes").filter(pk__in=ids)
    return {site.pk: site for site in rows.order_by("pk")}


def _locked_runs(batch: Sequence[ProbeResult]) -> QuerySet[CheckRun]:
    rows = CheckRun.objects.select_for_update(no_key=True).defer("observation", "evaluated_findings")
    return rows.filter(pk__in=[result.run_id for result in batch], state=RunState.RUNNING).order_by("pk")


def _fill_in(leased: Sequence[ProbeResult], sites: dict[int, Site]) -> list[tuple[Site, list[str]]]:
    """Fill in reported titles and products; a run for another product is then repeated as after an edit."""
    filled = []
    for result in leased:
        site = sites[result.site_id]
        if result.observation is not None and not (site.title_entered and site.product_entered):
            filled.append((site, reported_identity.fill_in(site, result.observation)))
    update_rows([site for site, _names in filled], reported_identity.FIELDS)
    return filled


def _record_filled(filled: list[tuple[Site, list[str]]]) -> None:
    targets: list[tuple[Any, dict[str, Any]]] = [(site, {"fields": names}) for site, names in filled if names]
    if targets:
        audit.record_many(actor=None, action="site.changed", targets=targets)


def _is_unedited(site: Site, extras: TargetExtras, result: ProbeResult) -> bool:
    """Whether the site was not edited during the run: an edit may change the target."""
    observation, target = result.observation, result.target
    if observation is None:
        return True
    observed = (observation.base_url, observation.product, observation.plugins)
    if observed != (site.base_url, site.product, site.plugin_versions):
        return False
    if target is None:
        return True
    return (target.ca_bundle, target.through_proxy, target.client_certificate, target.phone_results) == (
        site.ca_bundle, site.through_proxy, extras.client_certificate, extras.phone_results
    )  # fmt: skip


def _requeue(runs: list[CheckRun], sites: dict[int, Site]) -> None:
    for run in runs:
        run.state, run.lease, run.lease_until, run.started_at = RunState.QUEUED, "", None, None
        run.host = sites[run.site_id].host  # the edit may have changed the host
    update_rows(runs, ["state", "lease", "lease_until", "started_at", "host"])


def _finish(run: CheckRun, state: RunState, now: datetime) -> None:
    run.state, run.finished_at, run.lease, run.lease_until = state, now, "", None


def _mark_failed(run: CheckRun, site: Site, failure: str, now: datetime) -> None:
    _finish(run, RunState.FAILED, now)
    run.failure = failure[:200]
    site.check_due_at = None if site.archived_at else due_after_internal_error(now)


def _evaluate(run: CheckRun, site: Site, observation: Observation, evaluation: Evaluation, now: datetime) -> bool:
    _finish(run, RunState.DONE, now)
    run.observation = SerializedJson(observation.to_json_text())
    changed = set_evaluation(run=run, site=site, evaluation=evaluation, now=now)
    site.server_version = (server_version(observation).text or site.server_version)[:40]
    site.checked_at = observation.observed_at
    site.failed_checks = min(site.failed_checks + 1, 1000) if is_unreachable(observation) else 0
    site.check_due_at = None if site.archived_at else next_due(now, failed_checks=site.failed_checks)
    return changed


def set_evaluation(*, run: CheckRun, site: Site, evaluation: Evaluation, now: datetime) -> bool:
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


def _count(finished: list[CheckRun], evaluated: list[Evaluated], now: datetime) -> None:
    """Update the counters of the sweeps that these runs belong to."""
    increments: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for run in finished:
        if run.sweep_id:
            increments[run.sweep_id]["done" if run.state == RunState.DONE else "broken"] += 1
    for result in evaluated:
        if result.run.sweep_id:
            increments[result.run.sweep_id]["failing"] += is_unreachable(result.observation)
            increments[result.run.sweep_id]["changed"] += result.changed
    for sweep_id, counts in sorted(increments.items()):
        Sweep.objects.filter(pk=sweep_id).update(
            last_finished_at=now, **{name: F(name) + count for name, count in counts.items() if count}
        )


def _record_changes(evaluated: list[Evaluated]) -> None:
    """Record and notify changes. Both lock the head of the audit chain: nothing is locked after this."""
    notices.notice_changes(
        (result.run.site, result.run, result.observation, result.evaluation, result.changed, result.previous)
        for result in evaluated
    )
    targets: list[tuple[Any, dict[str, Any]]] = [
        (result.run.site, {"mdm": result.run.mdm_verdict, "non_mdm": result.run.non_mdm_verdict})
        for result in evaluated
        if result.changed
    ]
    if targets:
        audit.record_many(actor=None, action="site.verdict_changed", targets=targets)


def findings_of(evaluation: Evaluation) -> SerializedJson:
    """Return the findings of both setups as they are stored."""
    rows = []
    quoted: dict[int, tuple[str, str, datetime | None]] = {id(None): ("", "", None)}  # many findings share an answer
    for setup in evaluation.setups():
        name = setup.setup.value
        for position, finding in enumerate(setup.findings):
            answer = finding.answer
            if answer is not None and id(answer) not in quoted:
                quoted[id(answer)] = (answer.asked, answer.answered, answer.at)
            rows.append(
                Finding(
                    position,
                    name,
                    finding.rule,
                    finding.outcome.value,
                    finding.message,
                    finding.remedy,
                    finding.values,
                    *quoted[id(answer)],
                )
            )
    return stored_findings(rows)
