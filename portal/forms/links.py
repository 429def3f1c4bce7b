"""Forms for an application link: the fields of Confluence's dialog, and the client ID."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rollout.models import Site

CLIENT_ID_ATTRS = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "mono"}


class LinkForm(forms.Form):
    """All choices of Confluence's dialog. ``services.links`` rejects the wrong ones with a reason."""

    application_type = forms.ChoiceField(
        label=_("Application type"),
        error_messages={"required": _("Select the application type that you chose in the dialog.")},
        choices=[("external", _("External application")), ("atlassian", _("Atlassian product"))],
        widget=forms.RadioSelect,
        help_text=_("The iOS app is not part of Confluence, so it is an external application."),
    )
    direction = forms.ChoiceField(
        label=_("Direction"),
        error_messages={"required": _("Select the direction that you chose in the dialog.")},
        choices=[("incoming", _("Incoming")), ("outgoing", _("Outgoing"))],
        widget=forms.RadioSelect,
        help_text=_("Incoming: the app sends requests to the site, never the other way around."),
    )
    redirect_url = forms.CharField(
        label=_("Redirect URL"),
        error_messages={"required": _("Enter the redirect URL that you entered in the dialog.")},
        max_length=500,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "class": "mono"}),
        help_text=_("Where the browser returns after sign-in. Only the app handles this address."),
    )
    permission = forms.ChoiceField(
        label=_("Permission"),
        error_messages={"required": _("Select the permission that you chose in the dialog.")},
        choices=[(name, name) for name in ("READ", "WRITE", "ADMIN", "SYSTEM_ADMIN")],
        widget=forms.RadioSelect,
        help_text=_("The app's maximum permission. It never exceeds the permissions of the person who signs in."),
    )
    client_id = forms.CharField(
        label=_("Client ID"),
        max_length=255,
        error_messages={"required": _("Paste the client ID that the site showed after you saved the link.")},
        widget=forms.TextInput(attrs=CLIENT_ID_ATTRS),
        help_text=_(
            "Confluence shows it after you save the link. Do not paste the client secret: the app does not need it."
        ),
    )

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if site.is_provided:
            del self.fields["client_id"]


class ClientIdForm(forms.Form):
    """The new client ID of a link that was created again on the site."""

    client_id = forms.CharField(
        label=_("New client ID"),
        max_length=255,
        error_messages={"required": _("Paste the client ID that the site showed after you saved the link.")},
        widget=forms.TextInput(attrs=CLIENT_ID_ATTRS),
    )

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if site.is_provided:  # Gatepass creates the new client ID
            del self.fields["client_id"]
