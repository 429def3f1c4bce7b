"""The overview page: sites by readiness, what needs attention, and recent activity."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from portal.accounts.access import person
from portal.pages.actions import page_view
from portal.presenters import app_versions
from portal.presenters import overview as fleet
from portal.presenters.sweeps import progress_of
from rollout.models import Site, Sweep
from rollout.services.checks import leases

NEEDS_SHOWN = 8
CHANGES_SHOWN = 8
SIGN_INS_SHOWN = 6
SINCE = timedelta(hours=24)


@page_view
def overview(request: HttpRequest) -> HttpResponse:
    """Show the overview page with a fixed number of queries. Members are redirected to their passes."""
    user = person(request)
    if not user.works_with_sites:
        return redirect("my_passes")
    sites = Site.objects.visible_to(user)
    shares = fleet.shares(sites.active())
    total = sum(share.sites for share in shares)
    needs, waiting = fleet.needs(sites, NEEDS_SHOWN)
    wave = fleet.running_wave(sites)
    sweep = Sweep.objects.unfinished().first() if user.reads_all_sites else None
    context = {
        "tiles": fleet.tiles(shares),
        "total": total,
        "people": sum(share.people for share in shares),
        "parts": [_part(share) for share in shares],
        "needs": needs,
        "waiting": waiting,
        "flips": fleet.flips(sites, timezone.now() - SINCE, CHANGES_SHOWN),
        "sign_ins": fleet.recent_sign_ins(sites, SIGN_INS_SHOWN),
        "wave": wave,
        "stages": fleet.visible_stages(wave) if wave else [],
        "progress": progress_of(sweep) if sweep else None,
        "sweep": sweep,
        "stands_still": leases.is_stalled(timezone.now()),
        "too_old_apps": app_versions.fleets_too_old() if user.reads_all_sites else [],
        "release_to_deploy": fleet.release_to_deploy() if user.reads_all_sites else None,
        "may_change": user.is_administrator or not user.reads_all_sites,
    }
    return render(request, "overview/overview.html", context)


def _part(share: fleet.Share) -> dict[str, Any]:
    url = f"{reverse('sites')}?status={share.name}"
    return {"tone": share.tone, "label": share.label, "count": share.sites, "url": url}
