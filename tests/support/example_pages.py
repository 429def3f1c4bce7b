"""Example data for every page, and the list of pages to check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal.accounts import api_tokens
from portal.accounts.account_notices import notify
from portal.models import AccountNotice
from rollout.compatibility.matrix import redirect_url_for
from rollout.models import CheckRun, InventoryImport, NoticeKind, PhoneResult, Rehearsal, SignIn, Site, Webhook
from rollout.services import (
    configurations,
    links,
    passes,
    phone_results,
    rehearsals,
    site_certificates,
    sites,
    waves,
)
from rollout.services.checks import check_worker, sweeps
from rollout.services.notifications import deliveries, preferences, webhooks
from rollout.simulator.fleet import SimulatedFleet
from rollout.simulator.table import DEMO, PERSONAS

from .check_runs import run_queued_checks
from .client_certificates import Identity, authority
from .inventory_imports import import_inventory


@dataclass
class Pages:
    """URLs of pages by name; ``token`` opens the landing page."""

    paths: dict[str, str]
    token: str


def create_example_data(administrator: Any, member: Any, personas: SimulatedFleet) -> Pages:
    """Add and check all simulated sites; publish a release, and set up one that is ready."""
    for name, simulated in DEMO.items():
        site = sites.create_site(
            actor=administrator,
            title=simulated.title,
            product=simulated.product,
            base_url=personas.base_url(name),
            people=simulated.people,
            oauth_plugin_version=simulated.oauth_plugin or "",
            mobile_plugin_version=simulated.mobile_plugin or "",
        )
        if simulated.link:
            links.create_link(
                actor=administrator,
                site=site,
                redirect_url=redirect_url_for(simulated.product),
                client_id=simulated.link,
            )
    run_queued_checks()
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
    result = _record_phone_results(administrator, ready)
    failing = Site.objects.get(title=PERSONAS["behind-sso"].title)
    sweep = sweeps.start_sweep(actor=administrator, trigger="button")
    check_worker.run_check_worker(seconds=60)
    hook = _create_webhook(administrator, failing)
    api_tokens.create_service_token(actor=administrator, name="Inventory sync", scopes=["write", "metrics"], days=365)
    api_tokens.create_personal_token(person=administrator, name="My script", scopes=["read"], days=7)
    report = _import_inventory(administrator)
    pilot = sites.create_site(actor=administrator, title="Pilot wiki", provider="gatepass", slug="pilot")
    older, newer = failing.check_runs.order_by("pk")[:2]
    for kind in AccountNotice.Kind:
        notify(person=administrator, kind=kind, actor=member, about=pilot.title)
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
        "link": f"/sites/{ready.pk}/link/",
        "link-rotate": f"/links/{ready.links.get().pk}/rotate/",
        "link-revoke": f"/links/{ready.links.get().pk}/revoke/",
        "client-certificate": f"/sites/{ready.pk}/client-certificate/",
        "client-certificate-new": f"/sites/{failing.pk}/client-certificate/",
        "phone-results": f"/sites/{ready.pk}/phone-results/",
        "phone-results-none": f"/sites/{failing.pk}/phone-results/",
        "phone-result-new": f"/sites/{ready.pk}/phone-results/new/",
        "phone-result-withdraw": f"/phone-results/{result.pk}/withdraw/",
        "check-run": f"/check-runs/{newer.pk}/",
        "site-checks": f"/sites/{failing.pk}/checks/",
        "site-link": f"/sites/{ready.pk}/application-link/",
        "site-configuration": f"/sites/{ready.pk}/configuration/",
        "site-tests": f"/sites/{ready.pk}/sign-in-tests/",
        "site-activity": f"/sites/{ready.pk}/activity/",
        "check-runs-compared": f"/sites/{failing.pk}/check-runs/compare/?was={older.pk}&now={newer.pk}",
        "sweeps": "/sweeps/",
        "sweep": f"/sweeps/{sweep.pk}/",
        "configurations": "/configurations/",
        "configuration-build": "/configurations/build/?all=1",
        "configuration-lint": "/configurations/lint/",
        "troubleshooting": "/troubleshooting/?symptom=not-compatible",
        "app-versions": "/app-versions/",
        "app-versions-phones": "/app-versions/confluence/?age=too_old",
        "app-versions-import": "/app-versions/import/",
        "app-versions-report": f"/app-versions/imports/{report.pk}/",
        "webhooks": "/webhooks/",
        "webhook": f"/webhooks/{hook.pk}/",
        "webhook-new": "/webhooks/new/",
        "webhook-delivery": f"/webhooks/deliveries/{hook.deliveries.latest('pk').pk}/",
        "my-notifications": "/me/notifications/",
        "release": f"/configurations/{release.number}/",
        "release-roll-back": f"/configurations/{release.number}/roll-back/",
        "waves": "/waves/",
        "wave": f"/waves/{wave.pk}/",
        "wave-new": "/waves/new/",
        "passes": "/passes/",
        "pass": f"/passes/{row.pk}/",
        "pass-new": "/passes/new/",
        "people": "/people/",
        "person": f"/people/{member.pk}/",
        "person-new": "/people/new/",
        "person-sign-out": f"/people/{member.pk}/sign-out/",
        "person-erase": f"/people/{member.pk}/erase/",
        "sign-out-everywhere": "/me/sign-out-everywhere/",
        "phones": "/phones/",
        "my-passes": "/me/passes/",
        "my-devices": "/me/devices/",
        "lost-phone": "/me/lost-phone/",
        "service-tokens": "/service-tokens/",
        "service-token-new": "/service-tokens/new/",
        "my-tokens": "/me/tokens/",
        "my-token-new": "/me/tokens/new/",
        "rehearsal": f"/rehearsals/{Rehearsal.objects.get().pk}/",
        "activity": "/activity/",
        "style": "/style/",
        "password": "/accounts/password/set/",
        "two-factor": "/accounts/2fa/",
        "passkeys": "/accounts/2fa/webauthn/",
        "passkey-new": "/accounts/2fa/webauthn/add/",
        "sessions": "/accounts/sessions/",
        "gateway": f"/sites/{pilot.pk}/gateway/?application=https://confluence.internal:8443/wiki&gatepass=http://127.0.0.1:8000",
    }
    return Pages(paths, token)


def _create_webhook(administrator: Any, muted: Site) -> Webhook:
    """Create a webhook with an unreachable receiver and a delivery waiting for its next attempt; mute a site."""
    hook, _secret = webhooks.create_webhook(
        actor=administrator, name="Chat", url="https://127.0.0.1:9/hooks/gatepass", kinds=list(NoticeKind.values)[:4]
    )
    deliveries.send_test(actor=administrator, webhook=hook)
    deliveries.deliver(webhook_id=hook.pk)
    preferences.follow(actor=administrator, site=muted, follows=False)
    return hook


def _record_phone_results(administrator: Any, site: Site) -> PhoneResult:
    """Record three results, one withdrawn, and store a client certificate. Return one that counts."""
    fields: dict[str, Any] = {"ios_version": "18.5", "app_version": "2.0.1", "tried_by": "Ruth Example"}
    tries: list[dict[str, Any]] = [
        {"setup": "mdm", "outcome": "worked", "client_certificate": "yes"},
        {
            "setup": "non_mdm",
            "outcome": "failed",
            "failed_step": "return",
            "note": "The sheet stayed on a blank page.",
        },
        {"setup": "mdm", "outcome": "failed", "failed_step": "site", "client_certificate": "no"},
    ]
    first, _second, last = (
        phone_results.record_result(
            actor=administrator, site=site, tried_on=timezone.localdate() - timedelta(days=days), **fields, **each
        )
        for days, each in enumerate(tries)
    )
    phone_results.withdraw_result(actor=administrator, result=last, reason="Tried with the wrong site")
    identity = Identity("gatepass@example.com", authority())
    site_certificates.store_certificate(actor=administrator, site=site, file=identity.pem())
    return first


def _import_inventory(administrator: Any) -> InventoryImport:
    lines = [f"Phone {number:03},{'1.9.4' if number % 3 else '2.0.1'},Installed" for number in range(60)]
    lines += ["Phone of unknown version,,Installed", "Phone without the app,2.0.1,Not installed"]
    return import_inventory(administrator, "\n".join(["Device name,App version,App status", *lines]).encode())
