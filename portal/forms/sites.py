"""Forms for one site, and for the CSV import of many."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.models import Role, User
from portal.presenters.messages import sentence
from rollout.base_url import BaseUrlError, parse_base_url
from rollout.formats.ca_bundle import NoAuthorityError, check_ca_bundle
from rollout.formats.certificates import MAX_BUNDLE, BundleError
from rollout.formats.site_csv import MAX_BYTES
from rollout.models import Product, Provider, Site
from rollout.services.sites import ca_bundle_error

from .row_choices import RowsField


class SiteForm(forms.Form):
    """Create or edit a site (``site`` is None for a new one). ``services.sites`` validates the values."""

    provider = forms.ChoiceField(choices=Provider.choices, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("Title"),
        max_length=120,
        error_messages={"required": _("Enter a title. People select the site by it.")},
        help_text=_("Shown in the app's site list."),
    )
    product = forms.ChoiceField(label=_("Product"), choices=Product.choices)
    base_url = forms.CharField(
        label=_("Base URL"),
        max_length=500,
        error_messages={"required": _("Enter the base URL, for example https://confluence.example.com/wiki.")},
        help_text=_(
            "As in the site's general configuration, with the context path: https://confluence.example.com/wiki"
        ),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"}),
    )
    slug = forms.SlugField(
        label=_("Path name"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    people = forms.IntegerField(
        label=_("People"),
        min_value=0,
        max_value=10_000_000,
        required=False,
        help_text=_(
            "Approximate number of people who use this site on an iPhone. Sites with the most people come first "
            "under Needs attention."
        ),
    )
    owners = RowsField(
        label=_("Owners"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Site owners who may change this site, in addition to administrators."),
    )
    notes = forms.CharField(
        label=_("Notes"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )
    cache_session_in_mobile_browser = forms.BooleanField(
        label=_("Cache the browser session"),
        required=False,
        help_text=_(
            "The app opens the sign-in page in an in-app browser. If this is on, the app caches the "
            "browser's session: the next sign-in may not require a password, even for another person who "
            "uses the phone. Leave it off for shared phones. Key in the MDM configuration: "
            "cacheSessionInMobileBrowser."
        ),
    )

    ca_bundle = forms.CharField(
        label=_("CA certificates"),
        max_length=MAX_BUNDLE,
        required=False,
        help_text=_(
            "Only if the site's certificate comes from a private CA: the CA's certificate in PEM format, starting"
            " with -----BEGIN CERTIFICATE-----. Never a private key. Phones need this certificate too, from your "
            "MDM."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )
    through_proxy = forms.BooleanField(
        label=_("Use the outbound proxy"),
        required=False,
        help_text=_("Gatepass sends its checks of this site through the configured proxy. Phones are not affected."),
    )

    NETWORK = ("ca_bundle", "through_proxy")

    def __init__(self, *args: Any, user: User, site: Site | None = None, provider: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_provided = (site.provider if site else provider) == Provider.GATEPASS
        for name in _unused(site, is_provided):
            del self.fields[name]
        if user.is_administrator:
            owners = self.fields["owners"]
            assert isinstance(owners, forms.ModelMultipleChoiceField)  # noqa: S101  (declared above)
            owners.queryset = User.objects.filter(role=Role.SITE_OWNER, is_active=True).order_by("email")
            if site:  # keeps owners whose role has changed, so that saving does not remove them
                owners.queryset = (owners.queryset | User.objects.filter(owned_sites=site)).distinct()
            if not owners.queryset.exists():
                del self.fields["owners"]
        else:
            del self.fields["owners"]

    def clean_people(self) -> int:
        """Return 0 for an empty field."""
        return self.cleaned_data["people"] or 0

    def clean_base_url(self) -> str:
        """Report an invalid base URL together with the other errors of the form; the service parses it again."""
        text: str = self.cleaned_data["base_url"]
        try:
            parse_base_url(text, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
        except BaseUrlError as error:
            raise forms.ValidationError(sentence(error.message), code=error.code) from None
        return text

    def clean_ca_bundle(self) -> str:
        """Check the certificates. The field is emptied if it contains a private key, which must not be sent back."""
        text: str = self.cleaned_data["ca_bundle"]
        try:
            if text:
                check_ca_bundle(text)
        except (BundleError, NoAuthorityError) as error:
            if "PRIVATE KEY" in text and isinstance(self.data, QueryDict):
                data = self.data.copy()
                data["ca_bundle"] = ""
                self.data = data
            raise forms.ValidationError(ca_bundle_error(error)) from None
        return text

    @property
    def network_fields(self) -> list[forms.BoundField]:
        """The network settings, which most sites do not need."""
        return [self[name] for name in self.NETWORK if name in self.fields]

    @property
    def network_is_set(self) -> bool:
        """Whether a network setting has a value or an error."""
        return any(field.value() or field.errors for field in self.network_fields)


def _unused(site: Site | None, is_provided: bool) -> list[str]:
    """Return the fields that do not apply. The base URL of a hosted site is derived from its path name."""
    unused = ["provider"] if site else []
    unused += ["base_url", *SiteForm.NETWORK] if is_provided else ["slug"]
    if not settings.PROBE_PROXY and not is_provided:
        unused.append("through_proxy")
    return [*unused, "product", "slug"] if site and is_provided else unused


class ImportForm(forms.Form):
    """The uploaded file of a dry run or, when it is applied, its encoded bytes: the server does not store the file."""

    file = forms.FileField(
        label=_("CSV file"),
        error_messages={"required": _("Choose a CSV file.")},
        allow_empty_file=True,
        help_text=_("UTF-8, separated by commas, semicolons or tabs. Up to 2 MiB."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    # Base64, because browsers normalize the line breaks of submitted text.
    encoded = forms.CharField(required=False, widget=forms.HiddenInput, max_length=MAX_BYTES * 3 // 2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].required = not self.data.get("encoded")

    def clean(self) -> dict[str, Any]:
        """Add the content of the file as ``bytes``."""
        data = super().clean() or self.cleaned_data
        upload = data.get("file")
        if upload and upload.size > MAX_BYTES:
            self.add_error("file", _("The file is larger than 2 MiB. Split it."))
        elif upload is not None:
            data["bytes"] = upload.read()
        elif data.get("encoded"):
            data["bytes"] = self._decoded(data["encoded"])
        return data

    def _decoded(self, text: str) -> bytes:
        try:
            return base64.b64decode(text, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            self.add_error("file", _("Upload incomplete. Choose the file again."))
            return b""


def encoded(data: bytes) -> str:
    """Encode a file for ``ImportForm.encoded``."""
    return base64.urlsafe_b64encode(data).decode()
