"""Forms for an application link: one box for the client ID, and the steps that a person has ticked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.models import User
from rollout.models import Site
from rollout.services.client_ids import client_id_doubts

CLIENT_ID_ATTRS = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "mono"}


class ClientIdForm(forms.Form):
    """The client ID that the site shows, and the ticks of the steps before it.

    ``services.links`` rejects a wrong client ID with all reasons. A valid but doubtful one is rejected here until the
    person confirms it. For a site hosted by Gatepass the form has no fields: Gatepass creates the client ID.
    """

    opened = forms.BooleanField(required=False, label=_("Step 1 is done"))
    chosen = forms.BooleanField(required=False, label=_("Step 2 is done"))
    entered = forms.BooleanField(required=False, label=_("Step 3 is done"))
    client_id = forms.CharField(
        label=_("Paste the client ID"),
        error_messages={"required": _("Paste the client ID that the site showed after you saved the link.")},
        widget=forms.TextInput(attrs=CLIENT_ID_ATTRS),
        help_text=_("Not the client secret: the app uses PKCE and needs no secret."),
    )
    use_anyway = forms.BooleanField(required=False, label=_("I have checked it: save this client ID"))

    def __init__(self, *args: Any, site: Site, reader: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site, self.reader, self.doubts = site, reader, list[str]()
        if site.is_provided:
            self.fields.clear()

    def clean(self) -> dict[str, Any]:
        """Set ``doubts``; they are errors of the client ID unless the person confirmed it."""
        data = super().clean() or {}
        if client_id := data.get("client_id"):
            self.doubts = client_id_doubts(client_id, site=self.site, reader=self.reader)
        return data

    @property
    def is_doubtful(self) -> bool:
        """Whether the person must confirm the client ID first."""
        return bool(self.doubts) and not self.cleaned_data.get("use_anyway")
