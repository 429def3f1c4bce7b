"""Form for the nginx configuration of a gateway."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from oauth_provider.gateway import GatewayError, parse_upstream


class GatewayForm(forms.Form):
    """The URLs at which nginx reaches Confluence and Gatepass."""

    application = forms.CharField(
        label=_("Confluence URL for nginx"),
        max_length=300,
        help_text=_(
            "Where nginx reaches Confluence, with the context path. Example: https://confluence.internal:8443/wiki"
        ),
    )
    gatepass = forms.CharField(
        label=_("Gatepass URL for nginx"),
        max_length=300,
        help_text=_("Where nginx reaches Gatepass. Example: http://127.0.0.1:8000"),
    )

    def clean_application(self) -> str:
        """Validate the URL of Confluence."""
        return _clean_upstream(self.cleaned_data["application"])

    def clean_gatepass(self) -> str:
        """Validate the URL of Gatepass."""
        return _clean_upstream(self.cleaned_data["gatepass"])


def _clean_upstream(text: str) -> str:
    try:
        return parse_upstream(text)
    except GatewayError:
        raise ValidationError(
            _("Enter a URL such as https://confluence.internal:8443/wiki, without query, user name or spaces.")
        ) from None
