"""The setup progress of one site: five steps, and what to do for the current one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.compatibility.verdict import Outcome, Verdict
from rollout.models import ApplicationLink, CheckRun, ConfigurationRelease, Enrollment, Finding, Rehearsal, SignIn, Site
from rollout.models.check_run import UNFINISHED

from . import messages, overview


@dataclass(frozen=True)
class Facts:
    """The data of one site that the steps and the site page are built from."""

    run: CheckRun | None
    unfinished: CheckRun | None
    findings: list[Finding]
    mdm_link: ApplicationLink | None
    switch_link: ApplicationLink | None
    release: ConfigurationRelease | None
    rehearsal: Rehearsal | None
    phones: int


@dataclass(frozen=True)
class NextStep:
    """What to do next. The button sends a POST request to ``url`` if ``post`` is set; otherwise it is a link."""

    title: str
    text: str
    button: str
    url: str
    post: bool = False


def collect(site: Site) -> Facts:
    """Return the facts of one site, with a fixed number of queries."""
    runs = site.check_runs.order_by("-pk")
    run = runs.filter(state="done").first()
    links = {link.origin: link for link in site.links.active()}
    mdm_link = links.get(ApplicationLink.Origin.WIZARD)
    return Facts(
        run=run,
        unfinished=runs.filter(state__in=UNFINISHED).defer("observation", "evaluated_findings").first(),
        findings=list(run.findings) if run else [],
        mdm_link=mdm_link,
        switch_link=links.get(ApplicationLink.Origin.SWITCH),
        release=release_with(site, mdm_link),
        rehearsal=site.rehearsals.order_by("-pk").first(),
        phones=_phones(site),
    )


def release_with(site: Site, link: ApplicationLink | None) -> ConfigurationRelease | None:
    """Return the newest release of the site if it contains the link's current client ID; otherwise None."""
    if link is None:
        return None
    release = site.releases.order_by("-number").first()
    return release if release and json.dumps(link.client_id) in release.site_list else None


def _phones(site: Site) -> int:
    """Return the number of phones that signed in or, where Gatepass does not see sign-ins, were set up with a pass."""
    signed_in = SignIn.objects.filter(site=site, is_rehearsal=False).values("person").distinct().count()
    return signed_in or Enrollment.objects.filter(enrollment_pass__sites=site).count()


def steps(site: Site, facts: Facts) -> list[dict[str, Any]]:
    """Return the five steps for ``partials/steps.html``. The first unfinished step is the current one."""
    rows = [
        {"id": "compatible", "title": _("Compatible"), "done": is_ready(site), "at": site.checked_at, "note": ""},
        {"id": "linked", "title": _("Linked"), **_linked(site, facts)},
        {"id": "configured", "title": _("Configured"), **_configured(site, facts)},
        {"id": "rehearsed", "title": _("Sign-in tested"), **_rehearsed(facts)},
        {"id": "rolled_out", "title": _("Rolled out"), **_rolled_out(facts)},
    ]
    now = None if site.archived_at else next((row["id"] for row in rows if not row["done"]), None)
    for row in rows:
        row["state"] = "done" if row["done"] else "now" if row["id"] == now else "later"
        if not row["done"]:
            row["at"] = None
    return rows


def is_ready(site: Site) -> bool:
    """Return whether at least one setup is ready."""
    return site.mdm_verdict == Verdict.READY_MDM or site.non_mdm_verdict == Verdict.READY_NON_MDM


def _linked(site: Site, facts: Facts) -> dict[str, Any]:
    link = facts.mdm_link
    if link is None and site.non_mdm_verdict == Verdict.READY_NON_MDM:
        return {"done": True, "at": None, "note": _("created by the mobile plugin")}
    return {"done": link is not None, "at": link and (link.rotated_at or link.created_at), "note": ""}


def _configured(site: Site, facts: Facts) -> dict[str, Any]:
    if facts.mdm_link is None and site.non_mdm_verdict == Verdict.READY_NON_MDM:
        return {"done": True, "at": None, "note": _("not needed for the Non-MDM setup")}
    return {"done": facts.release is not None, "at": facts.release and facts.release.published_at, "note": ""}


def _rehearsed(facts: Facts) -> dict[str, Any]:
    rehearsal = facts.rehearsal
    if rehearsal is None or not rehearsal.is_finished:
        return {"done": False, "at": None, "note": ""}
    if stopped_at_login_page(rehearsal):
        return {"done": True, "at": None, "note": _("up to the login page")}
    return {
        "done": bool(rehearsal.passed),
        "at": rehearsal.finished_at,
        "note": "" if rehearsal.passed else _("failed"),
    }


def stopped_at_login_page(rehearsal: Rehearsal | None) -> bool:
    """Return whether the sign-in test reached the login page without a failure. Only a person can continue there."""
    steps = rehearsal.steps if rehearsal and rehearsal.is_finished and not rehearsal.passed else []
    outcomes = [step.get("outcome") for step in steps if isinstance(step, dict)]
    return "stopped" in outcomes and "failed" not in outcomes


def _rolled_out(facts: Facts) -> dict[str, Any]:
    note = ngettext("%(count)s phone", "%(count)s phones", facts.phones) % {"count": facts.phones}
    return {"done": facts.phones > 0, "at": None, "note": note if facts.phones else ""}


def next_step(site: Site, facts: Facts, steps: list[dict[str, Any]]) -> NextStep | None:
    """Return what to do for the current step; None if all are done or the site is archived."""
    now = next((row["id"] for row in steps if row["state"] == "now"), None)
    return _NEXT_STEPS[now](site, facts) if now else None


def _compatible_step(site: Site, facts: Facts) -> NextStep:
    check = reverse("check_now", args=[site.pk])
    if facts.unfinished:
        url = reverse("check_run", args=[facts.unfinished.pk])
        return NextStep(_("Gatepass is checking this site"), _("This takes a few seconds."), _("View the check"), url)
    finding = messages.most_severe(facts.findings, overview.nearest_setup(site))
    if finding is None or site.checked_at is None:
        text = _("Gatepass checks the site and shows which setups are possible.")
        return NextStep(_("Check the site"), text, _("Check now"), check, post=True)
    title, text = messages.finding_sentence(finding), messages.finding_remedy(finding)
    if finding.rule in {"OAUTH-PLUGIN", "MOBILE-PLUGIN"} and finding.outcome == Outcome.UNKNOWN:
        return NextStep(title, text, _("Enter plugin versions"), "#plugins")
    return NextStep(title, text, _("Check again"), check, post=True)


def _link_step(site: Site, facts: Facts) -> NextStep:
    text = _("The app needs an application link to sign in. Its client ID becomes part of the MDM configuration.")
    return NextStep(_("Create the application link"), text, _("Create link"), reverse("link_wizard", args=[site.pk]))


def _configuration_step(site: Site, facts: Facts) -> NextStep:
    url = f"{reverse('configuration_build')}?site={site.pk}"
    text = _("Phones get the client ID from your MDM. Build the configuration, publish it and enter it in your MDM.")
    if site.releases.exists():
        text = _(
            "The published configuration does not contain the current client ID. Publish a new release for your MDM."
        )
    return NextStep(_("Add the site to the MDM configuration"), text, _("Build configuration"), url)


def _rehearsal_step(site: Site, facts: Facts) -> NextStep:
    if facts.rehearsal and not facts.rehearsal.is_finished:
        url = reverse("rehearsal", args=[facts.rehearsal.pk])
        # Translators: the button opens the running sign-in test.
        return NextStep(_("The sign-in test is running"), _("This takes a few seconds."), _("View"), url)
    if facts.rehearsal:
        title = _("The sign-in test failed")
        text = _("The results show which step failed and what to fix. Then run the test again.")
        return NextStep(title, text, _("Test again"), reverse("rehearse", args=[site.pk]), post=True)
    text = _("A virtual phone signs in as the app would and shows where a problem occurs.")
    return NextStep(_("Test the sign-in"), text, _("Test sign-in"), reverse("rehearse", args=[site.pk]), post=True)


def _roll_out_step(site: Site, facts: Facts) -> NextStep:
    text = _("Give people a pass: a link or QR code that sets up their phone.")
    if stopped_at_login_page(facts.rehearsal):
        text = _(
            "The sign-in test reached the site's login page, where only a person can continue. Sign in with one "
            "real phone to verify the setup."
        )
    url = f"{reverse('pass_create')}?site={site.pk}"
    return NextStep(_("Set up the first phone"), text, _("Issue pass"), url)


_NEXT_STEPS = {
    "compatible": _compatible_step,
    "linked": _link_step,
    "configured": _configuration_step,
    "rehearsed": _rehearsal_step,
    "rolled_out": _roll_out_step,
}


def audit_of(site: Site) -> Q:
    """Return a condition that selects the audit events of the site and its application links."""
    links = [str(pk) for pk in site.links.values_list("pk", flat=True)]
    return Q(target_type="site", target_id=str(site.pk)) | Q(target_type="applicationlink", target_id__in=links)
