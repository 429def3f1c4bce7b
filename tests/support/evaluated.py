"""Example observations, and sites evaluated with them without a network."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from rollout.compatibility.observation import Answer, Endpoint, InfoLogin, Manifest, Observation, Tls
from rollout.models import CheckRun, RunState, Site
from rollout.services.checks import check_runs
from rollout.services.checks.evaluations import ProbeResult, record


def observation(site: Site, kind: str = "ready", at: datetime | None = None) -> Observation:
    """Return an observation; ``kind`` is ``ready``, ``sso``, ``old``, ``off`` (mobile apps disabled), ``down`` or
    ``internal`` (Gatepass's settings do not allow its address).
    """
    down = kind in {"down", "internal"}
    at = at or timezone.now()

    def answer(path: str, status: int | None = 200, **fields: Any) -> Answer:
        url = f"{site.base_url}{path}"
        return Answer("GET", url, at, None if down else status, hops=(url,), **fields)

    fields: dict[str, Any] = {"error": "timeout"} if kind == "down" else {"content_type": "application/json"}
    if kind == "internal":
        fields = {"error": "blocked_address", "blocked_network": "10.20.0.5/32"}
    info = InfoLogin(answer("/rest/nativemobile/1.1/info/login", **fields), "json", "abc")
    if kind == "sso":
        to = "https://sso.example.com/login"
        info = InfoLogin(
            answer("/rest/nativemobile/1.1/info/login", 302, location=to), "redirect", None, "sso.example.com"
        )
    if kind == "off":
        info = InfoLogin(answer("/rest/nativemobile/1.1/info/login"), "json", None)
    manifest = answer("/rest/applinks/1.0/manifest", **fields)
    version = "8.5.4" if kind == "old" else "9.2.1"
    return Observation(
        base_url=site.base_url,
        product=site.product,
        observed_at=at,
        manifest=Manifest(manifest) if down else Manifest(manifest, "confluence", version, "Wiki", site.base_url),
        info_login=InfoLogin(info.answer, "unreachable") if down else info,
        authorize=Endpoint(answer("/rest/oauth2/latest/authorize", **fields), "unreachable" if down else "answers"),
        token=Endpoint(answer("/rest/oauth2/latest/token", **fields), "unreachable" if down else "answers"),
        tls=Tls("unreachable" if down else "valid", "TLSv1.3", "Example CA", at + timedelta(days=90)),
        plugins=site.plugin_versions,
    )


def evaluate(site: Site, kind: str = "ready") -> CheckRun:
    """Finish a check run of this kind, store its verdicts on the site and return it."""
    run = check_runs.request_check(site=site, actor=None, trigger=CheckRun.Trigger.BUTTON)
    CheckRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, started_at=timezone.now(), lease="test")
    record([ProbeResult(run.pk, site.pk, "test", observation(site, kind))])
    site.refresh_from_db()
    run.refresh_from_db()
    return run


WITH_PLUGINS = {"oauth_plugin_version": "4.1.1", "mobile_plugin_version": "19.1.47"}
