"""What each tab of a site's page shows. Every function takes a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.models import User
from rollout.compatibility.main_requests import MainRequest
from rollout.models import AuditEvent, CheckRun, Rehearsal, RunState, Site
from rollout.models.check_run import UNFINISHED

from . import audit, findings, site_progress
from .observations import REQUEST_TITLES

EVENTS_SHOWN = 30
TESTS_SHOWN = 20
RELEASES_SHOWN = 10


@dataclass(frozen=True)
class Tab:
    """One tab: the name of its route, its label, and the template of its content."""

    route: str
    label: Promise
    template: str


TABS: dict[str, Tab] = {
    "summary": Tab("site", _("Summary"), "sites/_summary.html"),
    "checks": Tab("check_runs", _("Checks"), "sites/_checks.html"),
    "application-link": Tab("site_link", _("Application link"), "sites/_application_link.html"),
    "configuration": Tab("site_configuration", _("Configuration"), "sites/_configuration.html"),
    "sign-in-tests": Tab("site_tests", _("Sign-in tests"), "sites/_phones.html"),
    "activity": Tab("site_activity", _("Activity"), "sites/_history.html"),
}


def unfinished_check(site: Site) -> CheckRun | None:
    """Return the check that waits or runs; a site has at most one."""
    rows = site.check_runs.filter(state__in=UNFINISHED)
    return rows.defer("observation", "evaluated_findings").order_by("-pk").first()


@dataclass(frozen=True)
class Checking:
    """The check that waits or runs. ``requests`` are its main ones with their titles; others follow."""

    run: CheckRun
    requests: list[tuple[Promise, MainRequest]]

    @property
    def answered(self) -> int:
        return sum(bool(row.answered) for _title, row in self.requests)

    @property
    def current(self) -> int:
        """The position of the request that is being sent, starting at 1; beyond the last, other requests are."""
        return self.answered + 1

    @property
    def steps(self) -> int:
        """The main requests, and the others as one."""
        return len(self.requests) + 1

    @property
    def watched(self) -> str:
        """What a page shows of it: ``12-running-3``."""
        return f"{self.run.pk}-{self.run.state}-{self.answered}"


def checking(run: CheckRun, requests: list[MainRequest]) -> Checking:
    """Return how far a check is that waits or runs."""
    return Checking(run, [(REQUEST_TITLES[row.name], row) for row in requests])


@dataclass(frozen=True)
class Suggestion:
    """A better base URL. ``taken``: another site has it, ``taken_by`` if the reader may see that site.

    ``anchor`` is the finding that it is shown with, empty if no finding keeps a setup from being ready.
    """

    url: str
    taken: bool
    taken_by: Site | None
    anchor: str


def suggestion(
    site: Site, run: CheckRun | None, setups: list[findings.SetupFindings], reader: User
) -> Suggestion | None:
    """Return the base URL that the last check suggests, None without one. An edited site waits for its next check."""
    if run is None or site.checked_at is None or site.archived_at or site.is_provided:
        return None
    url = run.suggested_base_url
    if not url or url == site.base_url:
        return None
    deciding = [row for setup in setups for row in setup.serious]
    row = next((row for row in deciding if row.finding.rule == "BASE-URL-MATCH"), next(iter(deciding), None))
    others = Site.objects.filter(base_url=url)
    return Suggestion(
        url=url,
        taken=others.exists(),
        taken_by=Site.objects.visible_to(reader).filter(pk__in=others.values("pk")).first(),
        anchor=row.anchor if row else "",
    )


def summary(site: Site, unfinished: CheckRun | None, reader: User) -> dict[str, Any]:
    """Return setup progress, the findings of the last check and the facts at a glance."""
    facts = site_progress.collect(site, unfinished)
    steps = site_progress.steps(site, facts)
    # An edit resets the verdicts to unknown, so older findings are left out.
    current = facts.findings if site.checked_at else []
    setups = findings.setups(site.mdm_verdict, site.non_mdm_verdict, current)
    return {
        "facts": facts,
        "steps": steps,
        "done": sum(step["done"] for step in steps),
        "next": site_progress.next_step(site, facts, steps),
        "setups": setups,
        "suggestion": suggestion(site, facts.run, setups, reader),
        "unchecked": findings.unchecked(current),
        "owners": list(site.owners.order_by("email")),
        "failed": None if unfinished else failed_check(site, facts.run),
    }


def failed_check(site: Site, done: CheckRun | None) -> CheckRun | None:
    """Return the newest check if Gatepass failed to run it."""
    newest = site.check_runs.filter(state=RunState.FAILED).only("pk", "failure").order_by("-pk").first()
    return newest if newest and (done is None or newest.pk > done.pk) else None


def configuration(site: Site) -> dict[str, Any]:
    """Return the site's entry in a configuration, and the newest releases that contain the site."""
    link = site.links.for_mdm().first()
    releases = site.releases.select_related("published_by").defer("site_list").order_by("-number")
    return {
        "link": link,
        "current": site_progress.release_with(site, link),
        "releases": list(releases[:RELEASES_SHOWN]),
    }


def sign_in_tests(site: Site) -> dict[str, Any]:
    """Return the newest sign-in tests, and how many passes and phones there are."""
    tests = site.rehearsals.select_related("requested_by").order_by("-pk")[:TESTS_SHOWN]
    return {
        "tests": [(test, *result_of(test)) for test in tests],
        "usable_passes": site.passes.usable(timezone.now()).count(),
        "phones": site_progress.phones(site),
    }


def result_of(test: Rehearsal) -> tuple[str, Promise | str]:
    """Return tone and label of the result; both are empty while the test waits or runs."""
    if not test.is_finished:
        return "", ""
    if test.passed:
        return "ok", _("Passed")
    if site_progress.stopped_at_login_page(test):
        return "info", _("Up to the login page")
    return "bad", _("Failed")


def activity(site: Site, reader: User) -> dict[str, Any]:
    """Return the newest audit events of the site and its links, each with its icon and message."""
    events = AuditEvent.objects.with_names().filter(site_progress.audit_of(site)).order_by("-number")[:EVENTS_SHOWN]
    return {"events": [(event, audit.icon_of(event), audit.marked_sentence(event, reader)) for event in events]}
