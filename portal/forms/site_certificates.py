"""Form for the client certificate that checks of a site present."""

from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from portal.presenters.messages import sentence
from rollout.formats.client_certificate import ERRORS, MAX_BYTES, MAX_PASSWORD


class SiteCertificateForm(forms.Form):
    """A PEM or PKCS #12 file and its password. Neither is sent back with the form."""

    file = forms.FileField(
        label=_("Certificate file"),
        max_length=200,
        allow_empty_file=True,
        error_messages={"required": _("Choose the file with the certificate and its private key.")},
        help_text=_("PEM, or PKCS #12 (.p12, .pfx), with the private key. Up to 32 KiB."),
        widget=forms.FileInput(attrs={"accept": ".p12,.pfx,.pem,.crt,.cer,.key"}),
    )
    password = forms.CharField(
        label=_("Password of the file"),
        max_length=MAX_PASSWORD,
        required=False,
        strip=False,
        help_text=_("If the private key is encrypted. Used once and not stored."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_file(self) -> UploadedFile:
        """Check the size before the file is read."""
        upload: UploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > MAX_BYTES:
            raise forms.ValidationError(sentence(ERRORS["too-large"]))
        return upload
