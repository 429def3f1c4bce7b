"""The form that creates a token of the API."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.api_tokens import lifetimes
from portal.models import ApiToken
from rollout.models.text import LINE

DEFAULT_DAYS = 90


class TokenForm(forms.Form):
    """Name, scopes and lifetime of a new token."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=ApiToken.NAME_LENGTH,
        validators=LINE,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("The program that uses the token. Example: Inventory sync"),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Select at least one scope.")},
        help_text=gettext_lazy("Select only what the program needs."),
    )
    days = forms.TypedChoiceField(label=gettext_lazy("Expires after"), coerce=int)

    def __init__(self, *args: Any, scopes: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(scope, label) for scope, label in ApiToken.Scope.choices if scope in scopes]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]
        days = lifetimes()
        self.fields["days"].choices = [(n, ngettext("%(n)d day", "%(n)d days", n) % {"n": n}) for n in days]  # type: ignore[attr-defined]
        self.fields["days"].initial = DEFAULT_DAYS if DEFAULT_DAYS in days else days[-1]
