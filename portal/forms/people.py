"""The forms of people: add one, and change what one may do."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from portal.models import Role

ROLE_HELP = gettext_lazy(
    "Administrators do everything. Site owners work on their own sites. Auditors read everything and change nothing. "
    "Members see their own passes and phones."
)


class PersonForm(forms.Form):
    """Name and role of somebody who is here."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("As colleagues know them. Without one, the address stands for them."),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.MEMBER, help_text=ROLE_HELP)


class NewPersonForm(PersonForm):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("They sign in with it. Gatepass sends no mail: you hand the sign-in link over."),
    )
    field_order = ("email", "name", "role")
