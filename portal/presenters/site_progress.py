"""The setup progress of one site: five steps, and what to do for the current one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollout.compatibility.verdict import Outcome, Verdict
from rollout.models import (
    ApplicationLink,
    CheckRun,
    ConfigurationRelease,
    Enrollment,
    Finding,
    Rehearsal,
    SignIn,
    Site,
    VerdictChoices,
)

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
    """What to do for the current step, with its number. The button sends a POST request if ``post`` is set."""

    number: int
    text: str
    button: str
    url: str
    post: bool = False

    @property
    def is_check(self) -> bool:
        """Whether the button starts a check."""
        return self.post and self.number == 1


def collect(site: Site, unfinished: CheckRun | None) -> Facts:
    """Return the facts of one site, with a fixed number of queries."""
    run = site.check_runs.filter(state="done").order_by("-pk").first()
    links = {link.origin: link for link in site.links.active()}
    mdm_link = links.get(ApplicationLink.Origin.WIZARD)
    return Facts(
        run=run,
        unfinished=unfinished,
        findings=list(run.findings) if run else [],
        mdm_link=mdm_link,
        switch_link=links.get(ApplicationLink.Origin.SWITCH),
        release=release_with(site, mdm_link),
        rehearsal=site.rehearsals.order_by("-pk").first(),
        phones=phones(site),
    )


def release_with(site: Site, link: ApplicationLink | None) -> ConfigurationRelease | None:
    """Return the newest release of the site if it contains the link's current client ID; otherwise None."""
    if link is None:
        return None
    release = site.releases.order_by("-number").first()
    return release if release and json.dumps(link.client_id) in release.site_list else None


def phones(site: Site) -> int:
    """Return the number of phones that signed in or, where Gatepass does not see sign-ins, were set up with a pass."""
    signed_in = SignIn.objects.filter(site=site, is_rehearsal=False).values("person").distinct().count()
    return signed_in or Enrollment.objects.filter(enrollment_pass__sites=site).count()


def steps(site: Site, facts: Facts) -> list[dict[str, Any]]:
    """Return the five steps for ``partials/steps.html``. The first unfinished step is the current one."""
    rows = [
        {"id": "compatible", "title": _("Compatible"), **_compatible(site, facts)},
        {"id": "linked", "title": _("Linked"), "url": _tab(site, "site_link"), **_linked(site, facts)},
        {
            "id": "configured",
            "title": _("Configured"),
            "url": _tab(site, "site_configuration"),
            **_configured(site, facts),
        },
        {"id": "rehearsed", "title": _("Sign-in tested"), "url": _tab(site, "site_tests"), **_rehearsed(facts)},
        {"id": "rolled_out", "title": _("Rolled out"), "url": _tab(site, "site_tests"), **_rolled_out(facts)},
    ]
    now = None if site.archived_at else next((row["id"] for row in rows if not row["done"]), None)
    for row in rows:
        row["state"] = "done" if row["done"] else "now" if row["id"] == now else "later"
        if not row["done"]:
            row["at"] = None
        if row["state"] == "later":
            row["url"] = ""
    return rows


def _tab(site: Site, route: str) -> str:
    return reverse(route, args=[site.pk])


def _compatible(site: Site, facts: Facts) -> dict[str, Any]:
    """Return the first step; its tone is ``busy`` during a check, and ``bad`` if no setup is ready."""
    step = {"done": is_ready(site), "at": site.checked_at, "note": "", "tone": ""}
    if facts.unfinished:
        return step | {"at": None, "note": _("Checking"), "tone": "busy"}
    if not step["done"] and site.checked_at:
        best = min(
            site.mdm_verdict, site.non_mdm_verdict, key=lambda verdict: overview.NEARNESS.index(Verdict(verdict))
        )
        return step | {"note": str(VerdictChoices(best).label), "tone": "bad"}
    return step


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
    """Return what to do for the current step; None if all are done, its check is running or the site is archived."""
    number = next((number for number, row in enumerate(steps, 1) if row["state"] == "now"), None)
    if number is None or (number == 1 and facts.unfinished):
        return None
    return _NEXT_STEPS[steps[number - 1]["id"]](number, site, facts)


def _compatible_step(number: int, site: Site, facts: Facts) -> NextStep:
    check = reverse("check_now", args=[site.pk])
    setup = overview.nearest_setup(site)
    finding = messages.most_severe(facts.findings, setup)
    if finding is None or site.checked_at is None:
        text = _("Check the site. Gatepass then shows which setups are possible.")
        return NextStep(number, text, _("Check now"), check, post=True)
    if finding.rule in {"OAUTH-PLUGIN", "MOBILE-PLUGIN"} and finding.outcome == Outcome.UNKNOWN:
        url = f"{_tab(site, 'check_runs')}#plugins"
        return NextStep(number, _("Enter the versions of the plugins."), _("Enter plugin versions"), url)
    link = format_html('<a href="#{}">{}</a>', setup, messages.SETUP_NAMES[setup])
    text = format_html(_("Fix what {} shows first, then check again."), link)
    return NextStep(number, text, _("Check again"), check, post=True)


def _link_step(number: int, site: Site, facts: Facts) -> NextStep:
    text = _("Create the application link. Its client ID becomes part of the MDM configuration.")
    return NextStep(number, text, _("Create link"), reverse("link_wizard", args=[site.pk]))


def _configuration_step(number: int, site: Site, facts: Facts) -> NextStep:
    url = f"{reverse('configuration_build')}?site={site.pk}"
    text = _("Publish a configuration with this site and enter it in your MDM. Phones then get the client ID.")
    if site.releases.exists():
        text = _("Publish a new release: the last one does not contain the current client ID.")
    return NextStep(number, text, _("Build configuration"), url)


def _rehearsal_step(number: int, site: Site, facts: Facts) -> NextStep:
    if facts.rehearsal and not facts.rehearsal.is_finished:
        url = reverse("rehearsal", args=[facts.rehearsal.pk])
        # Translators: the button opens the running sign-in test.
        return NextStep(number, _("The sign-in test is running. This takes a few seconds."), _("View"), url)
    start = reverse("rehearse", args=[site.pk])
    if facts.rehearsal:
        text = _("The sign-in test failed. Fix the step that its results show, then test again.")
        return NextStep(number, text, _("Test again"), start, post=True)
    text = _("Test the sign-in: a virtual phone signs in as the app would and shows where a problem occurs.")
    return NextStep(number, text, _("Test sign-in"), start, post=True)


def _roll_out_step(number: int, site: Site, facts: Facts) -> NextStep:
    text = _("Set up the first phone: give people a pass, a link or QR code that sets up their phone.")
    if stopped_at_login_page(facts.rehearsal):
        text = _(
            "Sign in with one real phone: the sign-in test reached the site's login page, where only a person can "
            "continue."
        )
    url = f"{reverse('pass_create')}?site={site.pk}"
    return NextStep(number, text, _("Issue pass"), url)


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
