"""Evaluated runs for tests of notices, without a network."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from rollout.compatibility.observation import KnownLinks, Observation
from rollout.compatibility.verdict import Evaluation, Setup, SetupVerdict, Verdict
from rollout.models import CheckRun, RunState, Site
from rollout.services.notifications import notices

from .evaluated import observation

READY = ("READY_MDM", "READY_NON_MDM")
BROKEN = ("ACTION_NEEDED", "ACTION_NEEDED")


def evaluation(verdicts: tuple[str, str]) -> Evaluation:
    mdm, non_mdm = (Verdict(verdict) for verdict in verdicts)
    return Evaluation(SetupVerdict(Setup.MDM, mdm, ()), SetupVerdict(Setup.NON_MDM, non_mdm, ()), "test")


def evaluated(
    site: Site,
    now: tuple[str, str] = READY,
    was: tuple[str, str] | None = None,
    *,
    expires_at: datetime | None = None,
    handed_out: str | None = None,
    held: str | None = None,
) -> Any:
    """Return a finished run as ``notice_changes`` takes it; ``was`` are the previous verdicts if they differ."""
    at = timezone.now()
    run = CheckRun.objects.create(site=site, trigger="schedule", state=RunState.DONE, requested_at=at)
    seen: Observation = observation(site)
    seen = replace(
        seen,
        tls=replace(seen.tls, expires_at=expires_at),
        info_login=replace(seen.info_login, client_id=handed_out),
        links=KnownLinks(non_mdm=held),
    )
    return site, run, seen, evaluation(now), was is not None, was or ("", "")


def tell(*batch: Any) -> int:
    """Write the notices of these runs in a transaction with the sites locked, as ``evaluations.record`` does."""
    with transaction.atomic():
        list(Site.objects.select_for_update(no_key=True).filter(pk__in=[item[0].pk for item in batch]).order_by("pk"))
        return notices.notice_changes(batch)


def flip(site: Site, was: tuple[str, str] = READY, now: tuple[str, str] = BROKEN) -> int:
    return tell(evaluated(site, now, was))
