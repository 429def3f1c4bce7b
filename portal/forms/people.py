"""The forms of people: add one, and change what one may do."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from portal.models import Role

ROLE_HELP = gettext_lazy(
    "Administrators can do everything. Site owners manage their own sites. Auditors can read everything. "
    "Members see their own passes and phones."
)


class PersonForm(forms.Form):
    """Name and role of somebody who is here."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Display name (defaults to the e-mail address)"),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.MEMBER, help_text=ROLE_HELP)


class NewPersonForm(PersonForm):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Used to sign in. Gatepass sends no e-mail: you pass on the sign-in link yourself."),
    )
    field_order = ("email", "name", "role")
