"""A fleet with something on every page, and the list of pages to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from rollout.models import CheckRun, Rehearsal, SignIn, Site
from rollout.personas.fleet import PersonaFleet
from rollout.personas.table import PERSONAS
from rollout.services import check_runs, configurations, links, passes, rehearsals, sites, waves

PEOPLE = {"ready-mdm": 420, "ready-non-mdm": 1350, "too-old": 85, "plugin-too-old": 610, "behind-sso": 240,
          "unreachable": 45, "action-needed": 190, "switch-off": 130, "context-path": 760}  # fmt: skip


@dataclass
class Pages:
    """Addresses of pages by name; ``token`` opens the landing page."""

    paths: dict[str, str]
    token: str


def fill(administrator: Any, member: Any, personas: PersonaFleet) -> Pages:
    """Add every simulated site, check it for real, link, publish, rehearse and enroll what is ready."""
    for name, persona in PERSONAS.items():
        site = sites.create_site(
            actor=administrator,
            title=persona.title,
            base_url=personas.base_url(name),
            people=PEOPLE[name],
            oauth_plugin_version=persona.oauth_plugin or "",
            mobile_plugin_version=persona.mobile_plugin or "",
        )
        if persona.client_id:
            links.create_link(
                actor=administrator,
                site=site,
                redirect_url="confluence-server://oauth-callback",
                client_id=persona.client_id,
            )
    for run in CheckRun.objects.order_by("pk"):
        check_runs.run_check(run_id=run.pk)
    ready = Site.objects.get(title=PERSONAS["ready-non-mdm"].title)
    release = configurations.publish_release(actor=administrator, sites=Site.objects.all(), note="First release")
    rehearsal = rehearsals.request_rehearsal(actor=administrator, site=ready)
    rehearsals.run_rehearsal(rehearsal_id=rehearsal.pk)
    until = timezone.now() + timedelta(days=14)
    wave = waves.create_wave(actor=administrator, title="Pilot", sites=[ready])
    waves.issue_wave_passes(actor=administrator, wave=wave, labels=["Reception", "Field team"], expires_at=until)
    row, token = passes.issue_pass(
        actor=administrator, label="Sales", sites=[ready], expires_at=until, max_uses=None, person=member
    )
    changed = CheckRun.objects.get(site__title=PERSONAS["action-needed"].title)
    CheckRun.objects.filter(pk=changed.pk).update(was_mdm_verdict="READY_MDM", was_non_mdm_verdict="UNKNOWN",
                                                  changed_at=timezone.now())  # fmt: skip
    SignIn.objects.create(site=ready, person=member, client_id="x", signed_in_at=timezone.now())
    failing = Site.objects.get(title=PERSONAS["behind-sso"].title)
    paths = {
        "overview": "/",
        "sites": "/sites/",
        "site-ready": f"/sites/{ready.pk}/",
        "site-action": f"/sites/{failing.pk}/",
        "site-new": "/sites/new/",
        "site-new-gatepass": "/sites/new/?provider=gatepass",
        "site-edit": f"/sites/{ready.pk}/edit/",
        "site-archive": f"/sites/{ready.pk}/archive/",
        "sites-import": "/sites/import/",
        "link-wizard": f"/sites/{Site.objects.get(title=PERSONAS['too-old'].title).pk}/link/",
        "link-revoke": f"/links/{ready.links.get().pk}/revoke/",
        "check-run": f"/check-runs/{failing.check_runs.get().pk}/",
        "check-runs": f"/sites/{failing.pk}/check-runs/",
        "configurations": "/configurations/",
        "configuration-build": "/configurations/build/?all=1",
        "configuration-lint": "/configurations/lint/",
        "release": f"/configurations/{release.number}/",
        "waves": "/waves/",
        "wave": f"/waves/{wave.pk}/",
        "wave-new": "/waves/new/",
        "passes": "/passes/",
        "pass": f"/passes/{row.pk}/",
        "pass-new": "/passes/new/",
        "people": "/people/",
        "person": f"/people/{member.pk}/",
        "person-new": "/people/new/",
        "my-passes": "/me/passes/",
        "my-devices": "/me/devices/",
        "rehearsal": f"/rehearsals/{Rehearsal.objects.get().pk}/",
        "activity": "/activity/",
        "style": "/style/",
        "password": "/accounts/password/set/",
        "two-factor": "/accounts/2fa/",
    }
    return Pages(paths, token)
