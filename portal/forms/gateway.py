"""Where nginx reaches both sides of a gateway."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from oauth_provider.gateway import GatewayError, parse_upstream


class GatewayForm(forms.Form):
    application = forms.CharField(
        label=_("Confluence, as nginx reaches it"),
        max_length=300,
        help_text=_("For example https://confluence.internal:8443/wiki, with its context path."),
    )
    gatepass = forms.CharField(
        label=_("Gatepass, as nginx reaches it"), max_length=300, help_text=_("For example http://127.0.0.1:8000.")
    )

    def clean_application(self) -> str:
        return _upstream(self.cleaned_data["application"])

    def clean_gatepass(self) -> str:
        return _upstream(self.cleaned_data["gatepass"])


def _upstream(text: str) -> str:
    try:
        return parse_upstream(text)
    except GatewayError:
        raise ValidationError(
            _("Write an address such as https://confluence.internal:8443/wiki: no query, no user, no blank.")
        ) from None
