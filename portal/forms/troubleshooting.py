"""The form of the troubleshooter: a symptom, a pasted text, a site."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.access import person
from portal.models import User
from rollout.models import Site
from rollout.troubleshooting.paste import MAX_PASTE_LENGTH
from rollout.troubleshooting.pasted_secrets import Redacted, redact
from rollout.troubleshooting.symptoms import STAGES, SYMPTOMS

MAX_SITE_CHOICES = 200
EXAMPLE = (
    "confluence-server://oauth-callback?error=invalid_scope"
    "&error_description=The+requested+scope+is+not+allowed&state=jQ7v2LkTz0pX"
)


class TroubleshootingForm(forms.Form):
    """``pasted`` is the redacted text; the form never receives the original."""

    symptom = forms.ChoiceField(label=gettext_lazy("Symptom"), required=False)
    text = forms.CharField(
        label=gettext_lazy("Error text or URL"),
        required=False,
        max_length=MAX_PASTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 10, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "An error message or error page, the last URL of the sign-in, the output of "
            "curl -v, lines from an access log, or a HAR file."
        ),
    )
    site = forms.ModelChoiceField(
        label=gettext_lazy("Site"),
        queryset=Site.objects.none(),
        required=False,
        empty_label=gettext_lazy("No site"),
        help_text=gettext_lazy("Causes that match its latest check come first."),
    )

    def __init__(self, data: Any = None, *, user: User, pasted: Redacted | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.pasted = pasted or Redacted("", 0)
        self.is_too_long = False
        self.fields["symptom"].choices = _symptoms()  # type: ignore[attr-defined]
        self._set_site_choices(Site.objects.active().visible_to(user))

    def _set_site_choices(self, sites: Any) -> None:
        """Accept any visible site, but list only the first ones by title and the chosen one."""
        field: Any = self.fields["site"]
        field.queryset = sites
        rows = list(sites.only("title")[: MAX_SITE_CHOICES + 1])
        chosen = str((self.data if self.is_bound else self.initial).get("site") or "")
        if len(rows) > MAX_SITE_CHOICES and chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            rows = [*sites.only("title").filter(pk=int(chosen)), *rows]
        field.choices = [
            ("", field.empty_label),
            *dict.fromkeys((row.pk, row.title) for row in rows[:MAX_SITE_CHOICES]),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_too_long:
            self.add_error("text", _("The text is longer than 200,000 characters. Paste only the part with the error."))
        elif not self.errors and not cleaned.get("symptom") and not self.pasted.text.strip():
            self.add_error("symptom", _("Choose a symptom, or paste an error text or URL."))
        return cleaned


def troubleshooting_form(request: HttpRequest) -> TroubleshootingForm:
    """Return the form for the request. Text is redacted first, and accepted in the body of a POST only."""
    user = person(request)
    if request.method == "POST":
        return _bound(user, request.POST, request.POST.get("text", ""))
    if "example" in request.GET:
        return _bound(user, {}, EXAMPLE)
    if request.GET.get("symptom"):
        return _bound(user, request.GET, "")
    return TroubleshootingForm(user=user, initial={"site": request.GET.get("site", "")})


def _bound(user: User, data: Any, text: str) -> TroubleshootingForm:
    is_too_long = len(text) > MAX_PASTE_LENGTH
    pasted = redact("" if is_too_long else text)
    fields = {"symptom": data.get("symptom", ""), "site": data.get("site", ""), "text": pasted.text[:MAX_PASTE_LENGTH]}
    form = TroubleshootingForm(fields, user=user, pasted=pasted)
    form.is_too_long = is_too_long
    return form


def _symptoms() -> list[Any]:
    """The symptoms in the order of a sign-in, grouped by stage."""
    groups = [
        (_(title), [(symptom.id, _(symptom.label)) for symptom in SYMPTOMS if symptom.stage == stage])
        for stage, title in STAGES.items()
    ]
    return [("", _("Choose a symptom")), *groups]
