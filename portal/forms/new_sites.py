"""The form that adds sites by their addresses alone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.models import User
from portal.presenters.pasted_addresses import Address, read_addresses
from rollout.models import Product
from rollout.pasted_url.pasted_lines import MAX_LINES

from .sites import SiteForm

MAX_TEXT = 100_000


class AddSiteForm(SiteForm):
    """One address, or several with one on each line; everything else is optional.

    ``addresses`` are the addresses read from valid or invalid data, ``base_urls`` those to add. ``chosen`` is the base
    URL selected from the preview of ``chosen_for``; it is ignored if the address has changed since.
    """

    base_url = forms.CharField(
        label=_("Site URL"),
        max_length=MAX_TEXT,
        error_messages={"required": _("Enter the address of the site, for example confluence.example.com.")},
        widget=forms.Textarea(
            attrs={
                "rows": 1, "class": "mono", "inputmode": "url", "autocapitalize": "none", "autocomplete": "off",
                "spellcheck": "false", "placeholder": "confluence.example.com",
            }
        ),
    )  # fmt: skip
    title = forms.CharField(
        label=_("Title"),
        max_length=120,
        required=False,
        help_text=_("Shown in the app's site list. If empty, the title that the site reports."),
    )
    product = forms.ChoiceField(
        label=_("Product"), choices=[("", _("Detected from the site")), *Product.choices], required=False
    )
    chosen = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)
    chosen_for = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)
    only_valid = forms.BooleanField(required=False, widget=forms.HiddenInput)

    IDENTITY = ("title", "product")
    MORE = ("people", "owners", "notes", "cache_session_in_mobile_browser", *SiteForm.NETWORK)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user, self.addresses, self.base_urls = user, list[Address](), list[str]()
        super().__init__(*args, user=user, **kwargs)

    def clean_base_url(self) -> str:
        """Read the addresses. Invalid ones are an error, unless the valid ones of several are to be added alone."""
        text: str = self.cleaned_data["base_url"]
        self.addresses = read_addresses(text, user=self.user)
        if not self.addresses:
            raise forms.ValidationError(self.fields["base_url"].error_messages["required"], code="required")
        if len(self.addresses) > MAX_LINES:
            raise forms.ValidationError(
                _("These are more than %(count)s addresses. Import a CSV file instead."), params={"count": MAX_LINES}
            )
        self.base_urls = [address.base_url for address in self.addresses if address.is_new]
        invalid = [address for address in self.addresses if address.error]
        if not invalid or (self.base_urls and self.data.get("only_valid")):
            return text
        if len(self.addresses) == 1:
            raise forms.ValidationError(invalid[0].error)
        raise forms.ValidationError(
            ngettext(
                "%(count)s address cannot be added. Correct it below.",
                "%(count)s addresses cannot be added. Correct them below.",
                len(invalid),
            ),
            params={"count": len(invalid)},
        )

    def clean(self) -> dict[str, Any]:
        """Apply the chosen base URL, and reject a title for several sites."""
        data = super().clean() or self.cleaned_data
        if len(self.addresses) > 1 and data.get("title"):
            self.add_error("title", _("A title belongs to one site. Leave it empty: each site reports its own."))
        chosen = data.get("chosen")
        if chosen and self.base_urls == [data.get("chosen_for")]:
            self.addresses = read_addresses(chosen, user=self.user)
            self.base_urls = [address.base_url for address in self.addresses]
            if len(self.addresses) != 1:
                self.add_error("base_url", _("Choose one of the base URLs."))
            elif self.addresses[0].error:
                self.add_error("base_url", self.addresses[0].error)
        return data

    def bound_fields(self, names: tuple[str, ...]) -> list[forms.BoundField]:
        """The fields of these names that the form has."""
        return [self[name] for name in names if name in self.fields]

    @property
    def identity_fields(self) -> list[forms.BoundField]:
        return self.bound_fields(self.IDENTITY)

    @property
    def more_fields(self) -> list[forms.BoundField]:
        """The settings that most sites do not need."""
        return self.bound_fields(self.MORE)

    @property
    def identity_is_set(self) -> bool:
        return any(field.value() or field.errors for field in self.identity_fields)

    @property
    def more_is_set(self) -> bool:
        return any(field.value() or field.errors for field in self.more_fields)

    def values(self) -> dict[str, Any]:
        """The fields of ``services.sites.create_site`` and ``add_sites`` that all new sites share."""
        data = self.cleaned_data
        fields = {name: data[name] for name in self.MORE if name in self.fields}
        return {**fields, "product": data["product"] or None}
