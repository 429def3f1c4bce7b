"""Queues, runs and judges check runs.

1. A run is a row. The message that names it only wakes a worker: a lost message costs the time to the next beat.
2. A worker claims the row by one conditional update and holds a lease; a worker that died loses it.
3. The network is asked outside any transaction; the answer is written in one.
4. Only the holder of the lease writes, so a worker that woke up late changes nothing.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rollout.compatibility import rules
from rollout.compatibility.observation import Observation
from rollout.compatibility.verdict import Judgement
from rollout.models import CheckRun, Finding, RunState, Site
from rollout.probes.site import Target, observe

from . import audit
from .network import door
from .queue import wake_worker

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=110)  # longer than a task may run (CELERY_TASK_TIME_LIMIT is the hard end)
AT_ONCE = 500


def request_check(*, site: Site, actor: Any, trigger: str) -> CheckRun:
    """Return the site's queued run: a new one, or the unfinished one it already has."""
    with transaction.atomic():
        # The site is locked before the audit trail, as an edit does: two requests never wait in a circle.
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        run = CheckRun.objects.exclude(state__in=[RunState.DONE, RunState.FAILED]).filter(site=site).first()
        if run is None:
            run = CheckRun.objects.create(site=site, trigger=trigger, requested_by=actor, requested_at=timezone.now())
            if trigger != CheckRun.Trigger.SCHEDULE:
                audit.record(actor=actor, action="check.requested", target=site, details={"trigger": str(trigger)})
        wake_worker("run_check", run.pk)
    return run


def request_first_checks(*, sites: list[Site], actor: Any) -> None:
    """Queue the first run of many new sites; one message starts them all."""
    now = timezone.now()
    CheckRun.objects.bulk_create(
        [CheckRun(site=site, trigger=CheckRun.Trigger.ADDED, requested_by=actor, requested_at=now) for site in sites],
        batch_size=500,
    )
    wake_worker("pick_up_waiting_work")


def run_check(*, run_id: int) -> bool:
    """Observe and judge one claimed run. False when it was not there to claim."""
    now = timezone.now()
    lease = now + LEASE
    if not CheckRun.objects.all().claim(run_id, now=now, lease_until=lease):
        return False
    run = CheckRun.objects.select_related("site").get(pk=run_id)
    try:
        observation = asyncio.run(observe(_target(run.site), door=door(), now=timezone.now))
    except Exception as error:
        # Whatever a server answers is an observation; what arrives here is our own fault, and is said so.
        log.exception("check_run_failed", run_id=run_id)
        _finish(run, lease, state=RunState.FAILED, failure=f"{type(error).__name__} while checking")
        return True
    record_observation(run=run, lease=lease, observation=observation)
    return True


def _target(site: Site) -> Target:
    link = site.links.active().order_by("-origin").first()  # the wizard's before the switch's
    return Target(
        base_url=site.base_url,
        product=site.product,
        client_id=link.client_id if link else None,
        plugins=site.plugin_versions,
    )


def record_observation(*, run: CheckRun, lease: Any, observation: Observation) -> None:
    """Store what was observed, judge it, and bring the site's verdict up to date."""
    with transaction.atomic():
        # The site is locked first, as an edit does: a run that was overtaken by one does not overwrite its reset.
        site = Site.objects.select_for_update(no_key=True).get(pk=run.site_id)
        if not _is_still_about(site, observation):
            _start_over(run, lease)
            return
        if not _finish(run, lease, state=RunState.DONE, observation=observation.to_json()):
            return
        store_judgement(run=run, judgement=rules.judge(observation), site=site)
        site.server_version = observation.manifest.version or site.server_version
        site.checked_at = observation.observed_at
        site.check_due_at = timezone.now() + timedelta(hours=settings.CHECK_EVERY_HOURS)
        site.save(update_fields=["server_version", "checked_at", "check_due_at", "mdm_verdict", "non_mdm_verdict"])


def _is_still_about(site: Site, observation: Observation) -> bool:
    """Whether the site is still what was observed: an edit during the run changes the question."""
    asked = (observation.base_url, observation.product, observation.plugins)
    return asked == (site.base_url, site.product, site.plugin_versions)


def _start_over(run: CheckRun, lease: Any) -> None:
    if CheckRun.objects.filter(pk=run.pk, lease_until=lease).update(state=RunState.QUEUED, lease_until=None):
        wake_worker("run_check", run.pk)


def _finish(run: CheckRun, lease: Any, **fields: Any) -> bool:
    held = CheckRun.objects.filter(pk=run.pk, state=RunState.RUNNING, lease_until=lease)
    return held.update(finished_at=timezone.now(), lease_until=None, **fields) == 1


def store_judgement(*, run: CheckRun, judgement: Judgement, site: Site) -> None:
    """Write a run's verdicts and findings, and the site's verdicts when it is the site's newest run."""
    now = timezone.now()
    mdm, non_mdm = judgement.mdm.verdict.value, judgement.non_mdm.verdict.value
    first = site.checked_at is None
    changed = not first and (site.mdm_verdict, site.non_mdm_verdict) != (mdm, non_mdm)
    CheckRun.objects.filter(pk=run.pk).update(
        mdm_verdict=mdm,
        non_mdm_verdict=non_mdm,
        matrix=judgement.matrix,
        judged_at=now,
        was_mdm_verdict=site.mdm_verdict if changed else "",
        was_non_mdm_verdict=site.non_mdm_verdict if changed else "",
        changed_at=now if changed else None,
    )
    run.findings.all().delete()
    Finding.objects.bulk_create(_finding_rows(run, judgement))
    site.mdm_verdict, site.non_mdm_verdict = mdm, non_mdm
    if changed:
        details = {"mdm": mdm, "non_mdm": non_mdm}
        audit.record(actor=None, action="site.verdict_changed", target=site, details=details)


def _finding_rows(run: CheckRun, judgement: Judgement) -> list[Finding]:
    return [
        Finding(
            run=run,
            position=position,
            road=road.road.value,
            rule=finding.rule,
            outcome=finding.outcome.value,
            message=finding.message,
            remedy=finding.remedy,
            values=finding.values,
            asked=finding.answer.asked if finding.answer else "",
            answered=finding.answer.answered if finding.answer else "",
            answered_at=finding.answer.at if finding.answer else None,
        )
        for road in judgement.roads()
        for position, finding in enumerate(road.findings)
    ]


def rejudge(*, actor: Any, site: Site) -> CheckRun | None:
    """Replay today's rules on the site's newest observation, without the network; None when there is none."""
    with transaction.atomic():
        site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        run = site.check_runs.filter(state=RunState.DONE).order_by("-pk").first()
        if run is None or run.facts is None:
            return None
        store_judgement(run=run, judgement=rules.judge(run.facts), site=site)
        site.save(update_fields=["mdm_verdict", "non_mdm_verdict"])
        audit.record(actor=actor, action="check.rejudged", target=site)
    return run


def schedule_due_checks() -> int:
    """Queue a run for every site whose check is due; return how many. Two beats at once queue nothing twice."""
    now = timezone.now()
    later = now + timedelta(hours=settings.CHECK_EVERY_HOURS)
    queued = 0
    for site in Site.objects.due_for_check(now)[:AT_ONCE]:
        with transaction.atomic():
            if Site.objects.filter(pk=site.pk, check_due_at=site.check_due_at).update(check_due_at=later):
                request_check(site=site, actor=None, trigger=CheckRun.Trigger.SCHEDULE)
                queued += 1
    return queued


def waiting_runs() -> list[int]:
    """The ids of runs that wait for a worker, oldest first: those whose message was lost among them."""
    return list(CheckRun.objects.all().waiting(timezone.now()).values_list("pk", flat=True)[:AT_ONCE])
