"""Queue and run rehearsals (sign-in tests): Gatepass signs in to a site as the app would."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from rollout.actor import Actor
from rollout.compatibility.matrix import redirect_url_for
from rollout.mdm.site_list import SiteEntry, build_site_list
from rollout.models import Rehearsal, RunState, Site
from rollout.ports import browser_sign_in
from rollout.rehearsal.phone import Plan, Transcript, rehearse

from . import audit
from .network import policy
from .queue import wake_worker

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=110)  # longer than a rehearsal may take


def request_rehearsal(*, actor: Actor, site: Site) -> Rehearsal:
    """Queue a rehearsal of the site, or return the unfinished one if there is one."""
    with transaction.atomic():
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        unfinished = site.rehearsals.exclude(state__in=[RunState.DONE, RunState.FAILED]).first()
        if unfinished:
            return unfinished
        rehearsal = Rehearsal.objects.create(site=site, requested_by_id=actor.pk, requested_at=timezone.now())
        audit.record(actor=actor, action="rehearsal.requested", target=site)
        wake_worker("run_rehearsal", rehearsal.pk)
    return rehearsal


def run_rehearsal(*, rehearsal_id: int) -> bool:
    """Run one queued rehearsal. Returns False if another worker has it or it does not exist."""
    now = timezone.now()
    lease = now + LEASE
    if not Rehearsal.objects.all().claim(rehearsal_id, now=now, lease_until=lease):
        return False
    rehearsal = Rehearsal.objects.select_related("site", "requested_by").get(pk=rehearsal_id)
    try:
        plan = _plan(rehearsal)
        fetch_policy = policy(rehearsal.site, sign_in_url=plan.sign_in_url)
        transcript = asyncio.run(rehearse(plan, policy=fetch_policy, now=timezone.now))
    except Exception as error:
        log.exception("rehearsal_failed", rehearsal_id=rehearsal_id)
        _finish(rehearsal, lease, state=RunState.FAILED, failure=f"{type(error).__name__} during the sign-in test")
        return True
    _record(rehearsal, lease, transcript)
    return True


def _record(rehearsal: Rehearsal, lease: Any, transcript: Transcript) -> None:
    with transaction.atomic():
        is_recorded = _finish(
            rehearsal,
            lease,
            state=RunState.DONE,
            passed=transcript.passed,
            stopped_at=transcript.stopped_at or "",
            steps=transcript.to_json()["steps"],
        )
        if is_recorded:
            details = {"passed": transcript.passed, "stopped_at": transcript.stopped_at}
            audit.record(
                actor=rehearsal.requested_by, action="rehearsal.finished", target=rehearsal.site, details=details
            )


def _finish(rehearsal: Rehearsal, lease: Any, **fields: Any) -> bool:
    """Store the result. Returns False if the lease was lost to another worker."""
    leased = Rehearsal.objects.filter(pk=rehearsal.pk, state=RunState.RUNNING, lease_until=lease)
    return leased.update(finished_at=timezone.now(), lease_until=None, **fields) == 1


def _plan(rehearsal: Rehearsal) -> Plan:
    """Build the site list that an MDM would deploy and, if Gatepass hosts the site, a sign-in link for the browser."""
    site = rehearsal.site
    link = site.links.for_mdm().first()
    entry = SiteEntry(
        title=site.title,
        base_url=site.base_url,
        client_id=link.client_id if link else None,
        cache_session_in_mobile_browser=site.cache_session_in_mobile_browser,
    )
    sign_in_url = None
    if site.is_provided and rehearsal.requested_by_id:
        sign_in_url = browser_sign_in().make_rehearsal_link(user_id=rehearsal.requested_by_id)
    return Plan(
        site_list_json=build_site_list([entry]) if link else None,
        base_url=site.base_url,
        redirect_uri=redirect_url_for(site.product),
        sign_in_url=sign_in_url,
    )


def waiting_rehearsals() -> list[int]:
    """Return the ids of up to 100 rehearsals that wait for a worker, oldest first."""
    return list(Rehearsal.objects.all().waiting(timezone.now(), LEASE).values_list("pk", flat=True)[:100])
