"""Forms for plugin versions: entered, pasted from the plugin manager, or read with a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.formats import upm
from rollout.models import Site


class PluginVersionsForm(forms.Form):
    """Versions that a person enters."""

    oauth_plugin_version = forms.CharField(
        label=_("OAuth plugin"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "4.1.1", "autocomplete": "off"}),
    )
    mobile_plugin_version = forms.CharField(
        label=_("Mobile plugin"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "19.1.47", "autocomplete": "off"}),
    )


class PasteForm(forms.Form):
    """JSON that a person pastes from the plugin manager."""

    text = forms.CharField(
        label=_("Plugin manager JSON"),
        max_length=upm.MAX_LENGTH,
        error_messages={"required": _("Paste the JSON from the plugin manager.")},
        help_text=_(
            "Paste one response, several responses one after another, or the whole list. Gatepass stores "
            "only the versions and whether the plugins are enabled."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )


class TokenForm(forms.Form):
    """A personal access token of the site, to be used once or stored."""

    token = forms.CharField(
        label=_("Personal access token"),
        max_length=500,
        error_messages={"required": _("Enter a personal access token of an administrator of the site.")},
        help_text=_("Sent to this site only. Never logged or displayed."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    keep = forms.BooleanField(
        label=_("Store it for daily updates"),
        required=False,
        help_text=_("Stored encrypted and never displayed. You can remove it here at any time."),
    )


@dataclass(frozen=True)
class PluginForms:
    """The forms of the plugin versions card. ``opened`` names the form that was submitted and rejected.

    ``manager_url`` is the page of the site's plugin manager, which shows the versions to its administrators.
    """

    entered: PluginVersionsForm
    pasted: PasteForm
    token: TokenForm
    manager_url: str
    opened: str = ""


def plugin_forms(site: Site, **bound: Any) -> PluginForms:
    """Return the forms with the current versions. ``bound`` replaces one of them, by name, with a submitted form."""
    versions = {name: getattr(site, name) for name in PluginVersionsForm.base_fields}
    unbound = {
        "entered": PluginVersionsForm(initial=versions),
        "pasted": PasteForm(prefix="paste"),
        "token": TokenForm(prefix="token"),
    }
    forms = {**unbound, **bound}
    return PluginForms(**forms, manager_url=upm.page_url(site.base_url), opened=next(iter(bound), ""))
