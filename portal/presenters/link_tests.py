"""What the latest check proved about a link's client ID, and what only a sign-in can prove."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from rollout.compatibility.verdict import Outcome
from rollout.models import ApplicationLink, CheckRun, Finding, Rehearsal, RunState, SignIn, Site

from . import messages
from .site_progress import stopped_at_login_page

REACHED = "AUTHORIZE-REACHABLE"
COMPARED = "CLIENT-ID-AUTHORIZE"
# The rules about the client ID, in the order of the sign-in.
RULES = (REACHED, COMPARED, "CLIENT-ID-KNOWN", "CLIENT-ID-MDM", "CLIENT-ID-DRIFT")
WORKS = {Outcome.PASS, Outcome.WARNING}
TONES = {Outcome.PASS: "ok", Outcome.WARNING: "warn", Outcome.UNKNOWN: "idle"}


@dataclass(frozen=True)
class Line:
    """One line of the result. ``tone`` selects the icon: ok, warn, bad or idle. ``url`` leads to details."""

    tone: str
    title: str
    text: str = ""
    url: str = ""
    link: str = ""


@dataclass(frozen=True)
class LinkTest:
    """The test of a client ID.

    ``state``: ``none`` (this client ID was not checked yet), ``running``, ``failed`` or ``done``. ``problem``: why the
    check could not test the client ID. ``by_sign_in``: what only a sign-in proves; ``is_signed_in`` tells that one has.
    """

    state: str
    run: CheckRun | None = None
    problem: Line | None = None
    proved: list[Line] = field(default_factory=list)
    by_sign_in: list[Line] = field(default_factory=list)
    is_signed_in: bool = False
    evidence: Line | None = None


def of_link(site: Site, link: ApplicationLink, *, doubts: list[str]) -> LinkTest:
    """Return the test of this link's client ID; ``doubts`` are those of ``services.client_ids``."""
    evidence, is_signed_in = _sign_in_evidence(site, link)
    own = [_own_line(site, doubts)]
    run = site.check_runs.order_by("-pk").first()
    state = _state(run, link)
    if run is None or state != "done":
        by_sign_in = _by_sign_in(site, link, is_known=False, is_signed_in=is_signed_in)
        return LinkTest(state, run, None, own, by_sign_in, is_signed_in, evidence)
    found = _found(run.findings)
    proof = found.get(COMPARED)
    is_known = proof is not None and proof.outcome == Outcome.PASS and not says_nothing(proof)
    shown = [finding for finding in found.values() if not says_nothing(finding)]
    return LinkTest(
        state,
        run,
        _problem(run, found),
        own + [_line(finding) for finding in shown if finding.outcome != Outcome.UNKNOWN],
        _by_sign_in(site, link, is_known=is_known, is_signed_in=is_signed_in),
        is_signed_in,
        evidence,
    )


def _state(run: CheckRun | None, link: ApplicationLink) -> str:
    if run is None:
        return "none"
    if not run.is_finished:
        return "running"
    if run.state == RunState.FAILED:
        return "failed" if run.requested_at >= _since(link) else "none"
    return "done" if _checked_client_id(run) == link.client_id else "none"


def _since(link: ApplicationLink) -> datetime:
    return link.rotated_at or link.created_at


def _checked_client_id(run: CheckRun) -> str | None:
    """Return the client ID that the check used; None if it had none or was stored in another format."""
    try:
        facts = run.facts
    except (ValueError, KeyError, TypeError):
        return None
    return facts.links.mdm if facts else None


def _found(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return the finding of each rule about the client ID, in the order of ``RULES``."""
    by_rule = {finding.rule: finding for finding in reversed(list(findings))}
    return {rule: by_rule[rule] for rule in RULES if rule in by_rule}


def says_nothing(finding: Finding) -> bool:
    """Whether the site returned the same response for a made-up client ID, so that it proves nothing yet."""
    return finding.rule == COMPARED and finding.outcome == Outcome.PASS and finding.values.get("answers") == "same"


def _problem(run: CheckRun, found: dict[str, Finding]) -> Line | None:
    """Return why no request with the client ID reached the site; None if one did."""
    reached = found.get(REACHED)
    if reached and reached.outcome in WORKS:
        return None
    cause = reached or messages.most_severe(run.findings, "mdm")
    if cause is None:
        return None
    details = {"url": reverse("check_run", args=[run.pk]), "link": _("View the check")}
    return Line("warn", messages.finding_sentence(cause), messages.finding_remedy(cause), **details)


def _line(finding: Finding) -> Line:
    return Line(
        TONES.get(Outcome(finding.outcome), "bad"),
        messages.finding_sentence(finding),
        messages.finding_remedy(finding),
    )


def _own_line(site: Site, doubts: list[str]) -> Line:
    """Return what Gatepass knows about the client ID by itself."""
    if site.is_provided:
        return Line("ok", _("Gatepass created this client ID for this site"))
    if doubts:
        return Line("warn", " ".join(doubts))
    return Line("ok", _("The format is valid, and no other site has this client ID"))


def _by_sign_in(site: Site, link: ApplicationLink, *, is_known: bool, is_signed_in: bool) -> list[Line]:
    """Return what a sign-in proves, with the symptom of the opposite."""
    tone = "ok" if is_signed_in else "idle"
    redirect_url = _("Only %(url)s returns to the app. With another one, sign-in ends on an error page.")
    lines = [
        Line(tone, _("The redirect URL of the link"), redirect_url % {"url": link.redirect_url}),
        Line(
            tone,
            _("The permission of the link"),
            _("With READ, the app receives invalid_scope instead of a code."),
        ),
        Line(tone, _("The consent"), _("The person selects Allow once; the site then returns to the app.")),
        Line(
            tone,
            _("Sign-in without a client secret"),
            _("An OAuth plugin before 4.1.1 requires one: the browser signs in, then the app receives invalid_client."),
        ),
    ]
    if is_known or site.is_provided:
        return lines
    same = _("The site may respond to a client ID that does not exist in the same way until a person signs in.")
    return [Line(tone, _("The site knows this client ID"), same), *lines]


def _sign_in_evidence(site: Site, link: ApplicationLink) -> tuple[Line | None, bool]:
    """Return the newest evidence since this client ID was saved, and whether it is a complete sign-in."""
    since = _since(link)
    signed_in = SignIn.objects.filter(site=site, client_id=link.client_id, is_rehearsal=False).exists()
    if signed_in:
        return Line("ok", _("A phone has signed in with this client ID.")), True
    rehearsal = site.rehearsals.filter(requested_at__gte=since).order_by("-pk").first()
    if rehearsal is None or not rehearsal.is_finished:
        return None, False
    return _rehearsal_line(rehearsal), bool(rehearsal.passed)


def _rehearsal_line(rehearsal: Rehearsal) -> Line:
    details = {"url": reverse("rehearsal", args=[rehearsal.pk]), "link": _("View results")}
    if rehearsal.passed:
        return Line("ok", _("The sign-in test passed."), **details)
    if stopped_at_login_page(rehearsal):
        return Line("idle", _("The sign-in test reached the login page, where only a person can continue."), **details)
    return Line("warn", _("The last sign-in test failed."), **details)
