"""The troubleshooter's input: a symptom, a pasted text without its secrets, a site."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.access import person
from portal.models import User
from rollout.models import Site
from rollout.troubleshooting.paste import LONGEST_PASTE
from rollout.troubleshooting.pasted_secrets import Redacted, redact
from rollout.troubleshooting.symptoms import STAGES, SYMPTOMS

SITES_OFFERED = 200
EXAMPLE = (
    "confluence-server://oauth-callback?error=invalid_scope"
    "&error_description=The+requested+scope+is+not+allowed&state=jQ7v2LkTz0pX"
)


class TroubleshootingForm(forms.Form):
    """``pasted`` is the text without secrets; the original text never reaches the form."""

    symptom = forms.ChoiceField(label=gettext_lazy("Symptom"), required=False)
    text = forms.CharField(
        label=gettext_lazy("Error text or URL"),
        required=False,
        max_length=LONGEST_PASTE,
        widget=forms.Textarea(attrs={"rows": 10, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "An error message, the URL where the browser sheet ended, a trace, a HAR file or an error page."
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
        self._offer(Site.objects.active().visible_to(user))

    def _offer(self, sites: Any) -> None:
        """Accept any visible site; offer the first ones by title, and the selected one."""
        field: Any = self.fields["site"]
        field.queryset = sites
        rows = list(sites.only("title")[: SITES_OFFERED + 1])
        chosen = str((self.data if self.is_bound else self.initial).get("site") or "")
        if len(rows) > SITES_OFFERED and chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            rows = [*sites.only("title").filter(pk=int(chosen)), *rows]
        field.choices = [("", field.empty_label), *dict.fromkeys((row.pk, row.title) for row in rows[:SITES_OFFERED])]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_too_long:
            self.add_error("text", _("The text is longer than 200,000 characters. Paste the part with the error."))
        elif not self.errors and not cleaned.get("symptom") and not self.pasted.text.strip():
            self.add_error("symptom", _("Choose a symptom, or paste an error text or URL."))
        return cleaned


def asked(request: HttpRequest) -> TroubleshootingForm:
    """Return the bound form, with its text redacted beforehand. Text in the URL is never read."""
    user = person(request)
    if request.method == "POST":
        return _bound(user, request.POST, request.POST.get("text", ""))
    if "example" in request.GET:
        return _bound(user, {}, EXAMPLE)
    if request.GET.get("symptom"):
        return _bound(user, request.GET, "")
    return TroubleshootingForm(user=user, initial={"site": request.GET.get("site", "")})


def _bound(user: User, data: Any, text: str) -> TroubleshootingForm:
    is_too_long = len(text) > LONGEST_PASTE
    pasted = redact("" if is_too_long else text)
    kept = {"symptom": data.get("symptom", ""), "site": data.get("site", ""), "text": pasted.text[:LONGEST_PASTE]}
    form = TroubleshootingForm(kept, user=user, pasted=pasted)
    form.is_too_long = is_too_long
    return form


def _symptoms() -> list[Any]:
    """Return the symptoms in the order of a sign-in, grouped by stage."""
    groups = [
        (_(title), [(symptom.id, _(symptom.words)) for symptom in SYMPTOMS if symptom.stage == stage])
        for stage, title in STAGES.items()
    ]
    return [("", _("Choose a symptom")), *groups]
