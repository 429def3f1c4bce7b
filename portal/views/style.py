"""Style page: every component in every state with example values, so that the effect of a change is visible at once."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.access import dashboard
from portal.pages.actions import page_view
from portal.pages.icons import ICONS
from rollout.compatibility.verdict import Outcome, Verdict

SITE_LIST = '[ { "title": "Wiki", "baseURL": "https://wiki.example.com", "oauth": { "clientID": "a1b2c3" } } ]'
TOKENS = (
    "canvas",
    "surface",
    "sunken",
    "line",
    "control",
    "text",
    "muted",
    "accent",
    "ok",
    "warn",
    "bad",
    "info",
    "idle",
)


class ExampleForm(forms.Form):
    """Form with a field of each kind."""

    title = forms.CharField(label=_("Title"), max_length=120, help_text=_("Shown in the app."))
    base_url = forms.URLField(label=_("Base URL"), assume_scheme="https")
    product = forms.ChoiceField(label=_("Product"), choices=[("confluence", "Confluence"), ("jira", "Jira")])
    notes = forms.CharField(label=_("Notes"), widget=forms.Textarea, required=False)
    keep = forms.BooleanField(label=_("Keep the session"), required=False, help_text=_("In the app's browser."))
    setup = forms.ChoiceField(
        label=_("Setup"), choices=[("mdm", _("MDM setup")), ("non_mdm", _("Non-MDM setup"))], widget=forms.RadioSelect
    )


def example_steps() -> list[dict[str, Any]]:
    """Return the setup progress of a site that is being configured."""
    now = timezone.now()
    return [
        {"title": _("Compatible"), "state": "done", "at": now - timedelta(days=3)},
        {"title": _("Linked"), "state": "done", "at": now - timedelta(hours=5)},
        {"title": _("Configured"), "state": "now"},
        {"title": _("Sign-in tested"), "state": "later"},
        {"title": _("Rolled out"), "state": "later"},
    ]


def example_findings() -> list[SimpleNamespace]:
    """Return one finding of each outcome."""
    return [
        SimpleNamespace(
            outcome=outcome.value,
            rule="INFO-LOGIN-OPEN",
            message="The reverse proxy redirects the app to %(host)s.",
            remedy="" if outcome == Outcome.PASS else "Use MDM for this site, or allow %(path)s without sign-in.",
            values={"host": "sso.example.com", "path": "info/login"},
            asked="GET https://wiki.example.com/rest/nativemobile/1.1/info/login",
            answered="302 → https://sso.example.com/login",
            answered_at=timezone.now() - timedelta(minutes=4),
        )
        for outcome in Outcome
    ]


def example_parts() -> list[dict[str, Any]]:
    """Return the number of sites by status."""
    return [
        {"tone": "ok", "label": _("ready"), "count": 31, "url": "?"},
        {"tone": "warn", "label": _("need action"), "count": 9},
        {"tone": "bad", "label": _("incompatible"), "count": 4},
        {"tone": "idle", "label": _("unknown"), "count": 6},
    ]


@dashboard
@page_view
def style(request: HttpRequest) -> HttpResponse:
    """Show the design system in the theme of the reader."""
    now = timezone.now()
    invalid = ExampleForm({"title": "Wiki", "base_url": "wiki"})
    invalid.is_valid()
    context = {
        "verdicts": [verdict.value for verdict in Verdict],
        "outcomes": [outcome.value for outcome in Outcome],
        "states": ["queued", "running", "done", "failed", "valid", "expired", "revoked", "used_up"],
        "tones": ["ok", "warn", "bad", "info", "busy", "idle"],
        "icons": sorted(ICONS),
        "tokens": TOKENS,
        "steps": example_steps(),
        "findings": example_findings(),
        "parts": example_parts(),
        "stages": [
            {"label": _("Issued"), "count": 120},
            {"label": _("Opened"), "count": 84},
            {"label": _("Signed in"), "count": 57},
        ],
        "form": ExampleForm(),
        "invalid": invalid,
        "page": Paginator(range(120), 25).get_page(2),
        "rows": [("Wiki", "READY_MDM", 1204), ("Handbook", "ACTION_NEEDED", 311), ("Old wiki", "INCOMPATIBLE", 12)],
        "site_list": SITE_LIST,
        "times": [now, now - timedelta(minutes=5), now - timedelta(days=2), now + timedelta(days=14)],
        "crumbs": [(_("Sites"), "/sites/")],
    }
    return render(request, "style.html", context)
