"""Simulated sites that need more of a stored site than its address, and those whose answers a database could refuse."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rollout.compatibility.matrix import redirect_url_for
from rollout.models import ApplicationLink, RunState, Site
from rollout.services.links import create_link
from rollout.services.sites import create_site
from rollout.simulator.table import PERSONAS
from tests.support.check_runs import run_queued_checks

pytestmark = pytest.mark.django_db
NAMES = (
    "private-authority", "expired-certificate", "wrong-host", "no-tls-on-port", "redirect-circle", "client-id-drift",
    "login-page-only", "leads-inside", "odd-characters", "utf-16", "deep-json", "billion-laughs", "endless-body",
    "header-flood", "not-http",
)  # fmt: skip


@pytest.fixture
def check(administrator, fleet):
    """``check(name)``: the persona as a site with its authority and links, checked once; the site as stored then."""

    def check_persona(name: str) -> Site:
        simulated = PERSONAS[name]
        site = create_site(
            actor=administrator,
            title=simulated.title,
            product=simulated.product,
            base_url=fleet.base_url(name),
            oauth_plugin_version=simulated.oauth_plugin or "",
            mobile_plugin_version=simulated.mobile_plugin or "",
        )
        Site.objects.filter(pk=site.pk).update(ca_bundle=fleet.ca_pem if simulated.trusted else "")
        if simulated.link:
            url = redirect_url_for(simulated.product)
            create_link(actor=administrator, site=site, redirect_url=url, client_id=simulated.link)
        if simulated.stored_for_non_mdm:
            ApplicationLink.objects.create(
                site=site, origin=ApplicationLink.Origin.SWITCH, client_id=simulated.link, created_at=timezone.now()
            )
        assert run_queued_checks() == [site.check_runs.get().pk]
        site.refresh_from_db()
        return site

    return check_persona


@pytest.mark.parametrize("name", NAMES)
def test_it_is_stored_with_its_verdicts_and_their_reasons(check, name) -> None:
    simulated = PERSONAS[name]
    site = check(name)

    run = site.check_runs.get()
    assert run.state == RunState.DONE
    assert (site.mdm_verdict, site.non_mdm_verdict) == (simulated.mdm, simulated.non_mdm)
    found = {(finding.setup, finding.rule) for finding in run.findings}
    assert found >= {("mdm", simulated.mdm_rule), ("non_mdm", simulated.non_mdm_rule)}
    assert {finding.rule for finding in run.findings if finding.outcome == "WARNING"} >= set(simulated.warnings)
