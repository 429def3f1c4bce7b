"""Forms and the list of phone results: recording one, withdrawing one, filters and sort orders."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.pages.listing import Table
from rollout.models import PhoneResult

FAR = [(PhoneResult.Outcome.WORKED.value, _("It worked: the app shows a page of the site"))]
VERSION = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class PhoneResultForm(forms.Form):
    """One try with one phone. ``reached`` is ``worked``, or the first step that failed."""

    setup = forms.ChoiceField(
        label=_("Setup"),
        choices=PhoneResult.Setup.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the setup that you tried.")},
        help_text=_("MDM: your MDM delivered the site to the app. Non-MDM: you typed the base URL into the app."),
    )
    reached = forms.ChoiceField(
        label=_("What happened"),
        choices=[*FAR, *PhoneResult.Step.choices],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what happened.")},
        help_text=_("If it failed, choose the first thing that went wrong."),
    )
    client_certificate = forms.ChoiceField(
        label=_("Did the phone present a client certificate?"),
        choices=PhoneResult.Certificate.choices,
        initial=PhoneResult.Certificate.UNKNOWN,
        widget=forms.RadioSelect,
        help_text=_("Yes: your MDM installed one, and the site requires it or the phone asked which one to use."),
    )
    ios_version = forms.CharField(
        label=_("iOS version"),
        max_length=40,
        error_messages={"required": _("Enter the iOS version.")},
        help_text=_("Settings → General → About, for example 18.5."),
        widget=forms.TextInput(attrs=VERSION),
    )
    app_version = forms.CharField(
        label=_("App version"),
        max_length=40,
        error_messages={"required": _("Enter the version of the app.")},
        help_text=_("Settings → General → iPhone Storage → the app, for example 2.0.1."),
        widget=forms.TextInput(attrs=VERSION),
    )
    tried_on = forms.DateField(
        label=_("Day"),
        error_messages={"required": _("Enter the day of the try."), "invalid": _("Enter a date.")},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    tried_by = forms.CharField(
        label=_("Tried by"),
        max_length=120,
        error_messages={"required": _("Enter who tried it.")},
        help_text=_("The person who held the phone."),
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=4000,
        required=False,
        help_text=_("The message on the screen, word by word, and anything unusual. No passwords."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def fields_for_service(self) -> dict[str, Any]:
        """Return the arguments of ``services.phone_results.record_result``."""
        data = dict(self.cleaned_data)
        reached = data.pop("reached")
        worked = reached == PhoneResult.Outcome.WORKED
        outcome = PhoneResult.Outcome.WORKED if worked else PhoneResult.Outcome.FAILED
        return {**data, "outcome": outcome, "failed_step": "" if worked else reached}


def initial_result(name: str) -> dict[str, Any]:
    """Return the initial values of a new result; ``name`` is the person who fills in the form."""
    return {"tried_on": timezone.localdate(), "tried_by": name}


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        error_messages={"required": _("Enter the reason. It stays with the result.")},
        help_text=_("For example: tried with the wrong site."),
    )


class PhoneResultFilters(django_filters.FilterSet):
    """Results by setup."""

    chips = ("setup",)
    setup = django_filters.ChoiceFilter(choices=PhoneResult.Setup.choices, label=_("Setup"))

    class Meta:
        model = PhoneResult
        fields: list[str] = []


PHONE_RESULTS = Table(
    filters=PhoneResultFilters,
    sorts={"when": ("tried_on", "pk")},
    default_sort="-when",
)
