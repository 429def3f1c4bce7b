"""Queues check runs, and observes the site of one.

1. A run is a row. A message only wakes a worker: a lost one delays the run until the next beat.
2. A worker claims waiting rows, each with a lease on the run and on its host (``leases``).
3. Requests to sites are sent outside any transaction; results are written in batches (``evaluations``).
4. ``check_worker`` observes many sites at once.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.db import transaction
from django.utils import timezone

from rollout.actor import Actor, key_of
from rollout.compatibility.main_requests import no_report
from rollout.compatibility.observation import KnownLinks
from rollout.models import ApplicationLink, CheckRun, RunState, Site
from rollout.models.check_run import UNFINISHED
from rollout.probes.site import Target, observe
from rollout.services import audit
from rollout.services.network import policy
from rollout.services.queue import wake_worker

from .check_progress import ProgressReport
from .evaluations import ProbeResult
from .target_extras import TargetExtras, extras_of

log = structlog.get_logger(__name__)


def request_check(*, site: Site, actor: Actor | None, trigger: str) -> CheckRun:
    """Return an urgent run of the site: a new one, or its unfinished one."""
    with transaction.atomic():
        # The site is locked before the audit chain, as in an edit, so two requests never deadlock.
        site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        run = CheckRun.objects.filter(site=site, state__in=UNFINISHED).defer("observation").first()
        if run is None:
            run = CheckRun.objects.create(
                site=site,
                host=site.host,
                trigger=trigger,
                requested_by_id=key_of(actor),
                requested_at=timezone.now(),
                urgent=True,
            )
            audit.record(actor=actor, action="check.requested", target=site, details={"trigger": str(trigger)})
        elif run.state == RunState.QUEUED and not (run.urgent and run.host == site.host):
            CheckRun.objects.filter(pk=run.pk, state=RunState.QUEUED).update(urgent=True, host=site.host)
            run.urgent, run.host = True, site.host
        wake_worker("run_check_worker")
    return run


def request_first_checks(*, sites: list[Site], actor: Actor | None) -> None:
    """Queue the first run of many new sites; a few messages start them all."""
    now = timezone.now()
    CheckRun.objects.bulk_create(
        [
            CheckRun(
                site=site,
                host=site.host,
                trigger=CheckRun.Trigger.ADDED,
                requested_by_id=key_of(actor),
                requested_at=now,
            )
            for site in sites
        ],
        batch_size=500,
    )
    wake_worker("pick_up_waiting_work")


async def probe(run: CheckRun, target: Target) -> ProbeResult:
    """Observe the site of a claimed run; return the result."""
    try:
        report = ProgressReport(run) if run.urgent else no_report  # nothing waits for the others
        observation = await observe(target, policy=policy(), now=timezone.now, report=report)
    except Exception as error:
        # Any response of a server is an observation; an exception here is an error in Gatepass and is reported as such.
        log.exception("check_run_failed", run_id=run.pk)
        return ProbeResult(run.pk, run.site_id, run.lease, failure=f"{type(error).__name__} while checking")
    return ProbeResult(run.pk, run.site_id, run.lease, observation, target=target)


def targets_of(runs: Iterable[CheckRun]) -> dict[int, Target]:
    """Return the target of each run, by its id, with three queries. The runs come with their sites."""
    runs = list(runs)
    sites = [run.site_id for run in runs]
    active = ApplicationLink.objects.active().filter(site__in=sites)
    client_ids = {(link.site_id, link.origin): link.client_id for link in active}
    extras = extras_of(sites)
    return {run.pk: _target(run.site, client_ids, extras[run.site_id]) for run in runs}


def _target(site: Site, client_ids: dict[tuple[int, str], str], extras: TargetExtras) -> Target:
    """``client_ids`` are the client IDs of active links by site and origin."""
    links = KnownLinks(
        mdm=client_ids.get((site.pk, ApplicationLink.Origin.WIZARD)),
        non_mdm=client_ids.get((site.pk, ApplicationLink.Origin.SWITCH)),
    )
    return Target(
        base_url=site.base_url,
        product=site.product,
        client_id=links.mdm or links.non_mdm,
        plugins=site.plugin_versions,
        links=links,
        ca_bundle=site.ca_bundle,
        through_proxy=site.through_proxy,
        client_certificate=extras.client_certificate,
        phone_results=extras.phone_results,
    )
