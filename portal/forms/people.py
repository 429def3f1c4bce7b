"""Forms that add a person and change their name and role."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from portal.models import Role

ROLE_HELP = gettext_lazy(
    "Administrators manage everything. Site owners manage their own sites. Auditors have read-only access to "
    "everything. Members see only their own passes and phones."
)


class PersonForm(forms.Form):
    """Name and role of an existing person."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Display name. Defaults to the e-mail address."),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.MEMBER, help_text=ROLE_HELP)


class NewPersonForm(PersonForm):
    """E-mail address, name and role of a new person."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "The person signs in with it. Gatepass does not e-mail the sign-in link; you send it yourself."
        ),
    )
    field_order = ("email", "name", "role")


class SignOutForm(forms.Form):
    """What to sign out of one person: browsers, phones and programs with a personal token."""

    browsers = forms.BooleanField(
        label=gettext_lazy("Browsers"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Also ends unused sign-in links and links in password reset mails."),
    )
    phones = forms.BooleanField(
        label=gettext_lazy("Phones"),
        required=False,
        initial=True,
        help_text=gettext_lazy("The app requires a new sign-in the next time it connects."),
    )
    tokens = forms.BooleanField(
        label=gettext_lazy("Personal tokens"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Programs that use the API with one get 401 at once."),
    )

    def clean(self) -> dict[str, Any]:
        """Require at least one of them."""
        data = super().clean() or {}
        if not any(data.values()):
            raise forms.ValidationError(gettext_lazy("Select at least one of these."))
        return data


class EraseForm(forms.Form):
    """Confirms that a person is erased."""

    understood = forms.BooleanField(
        label=gettext_lazy("I have exported what is still needed"),
        error_messages={"required": gettext_lazy("Confirm this before you erase the person.")},
    )
