"""The troubleshooter: lists causes for a symptom or a pasted text. Nothing is stored or logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from portal.accounts.access import dashboard
from portal.forms.troubleshooting import EXAMPLE, TroubleshootingForm, troubleshooting_form
from portal.pages.actions import form_view
from rollout.compatibility.rules import most_severe_first, rule
from rollout.models import Finding, Site
from rollout.troubleshooting.diagnosis import Suspect, diagnose

MAX_EXPANDED_CAUSES = 3
KINDS = {
    "site_list": gettext_lazy("a site list"),
    "archive": gettext_lazy("a HAR file"),
    "redirect": gettext_lazy("a URL with an error"),
    "oauth_json": gettext_lazy("an OAuth error"),
    "tls": gettext_lazy("a certificate error"),
    "page": gettext_lazy("a web page"),
    "trace": gettext_lazy("HTTP requests and responses"),
    "text": gettext_lazy("plain text"),
}


@dataclass(frozen=True)
class ShownRule:
    """A rule that detects a cause, with its finding for the chosen site, if any."""

    id: str
    title: str
    source: str
    finding: Finding | None


@sensitive_post_parameters()
@never_cache
@dashboard
@form_view
def troubleshooting(request: HttpRequest) -> HttpResponse:
    """Show the form and, once it is sent, the causes."""
    form = troubleshooting_form(request)
    if not form.is_bound:
        return render(request, "troubleshooting/troubleshooting.html", _context(form))
    if not form.is_valid():
        return render(request, "troubleshooting/troubleshooting.html", _context(form), status=422)
    site: Site | None = form.cleaned_data["site"]
    findings = _findings(site)
    outcomes = {id: str(finding.outcome) for id, finding in findings.items()}
    diagnosis = diagnose(form.pasted.text, form.cleaned_data["symptom"], outcomes)
    shown = [(suspect, _rules(suspect, findings)) for suspect in diagnosis.suspects]
    context = _context(form) | {
        "has_result": True,
        "site": site,
        "is_checked": bool(findings),
        "count": len(shown),
        "expanded": shown[:MAX_EXPANDED_CAUSES],
        "collapsed": shown[MAX_EXPANDED_CAUSES:],
        "kinds": [KINDS[kind] for kind in diagnosis.paste.kinds],
        "is_site_list": "site_list" in diagnosis.paste.kinds,
    }
    return render(request, "troubleshooting/troubleshooting.html", context)


def _context(form: TroubleshootingForm) -> dict[str, Any]:
    return {"form": form, "pasted": form.pasted, "example": EXAMPLE}


def _findings(site: Site | None) -> dict[str, Finding]:
    """Map a rule id to its most severe finding in the site's latest finished run."""
    if site is None or site.checked_at is None:  # reset by an edit of the site: older findings no longer apply
        return {}
    run = site.check_runs.filter(state="done").defer("observation").order_by("-pk").first()
    rows: Any = run.findings if run else ()
    most_severe: dict[str, Finding] = {}
    for finding in most_severe_first(rows):
        most_severe.setdefault(finding.rule, finding)  # type: ignore[arg-type]
    return most_severe


def _rules(suspect: Suspect, findings: dict[str, Finding]) -> list[ShownRule]:
    """Return the rules that detect the cause, and the linked ones that found something."""
    cause = suspect.cause
    linked = [id for id in cause.linked_rules if id in findings and findings[id].outcome != "PASS"]
    shown = []
    for id in dict.fromkeys((*cause.rules, *linked)):
        try:
            known = rule(id)
        except KeyError:
            continue
        shown.append(ShownRule(id, _(known.title), known.source, findings.get(id)))
    return shown
