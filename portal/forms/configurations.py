"""Forms of the configuration pages: the selection of sites, the note of a release, the configuration to check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from rollout.mdm.checked_configuration import MAX_BYTES
from rollout.mdm.diff import Loss
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import Site
from rollout.models.site import SiteQuerySet

MAX_ID = 2**63 - 1
DEFAULT_FORMAT = "json"


@dataclass(frozen=True)
class Selection:
    """The sites of a configuration: ``?all=1``, those of a release (``?sites_of=N``), or ``?site=ID`` for each."""

    everything: bool
    sites_of: int | None
    ids: tuple[int, ...]

    @classmethod
    def of(cls, query: QueryDict) -> Selection:
        """Read a selection from a query, ignoring values that are not IDs."""
        ids = [_positive_id(value) for value in query.getlist("site")]
        return cls(
            everything=query.get("all") == "1",
            sites_of=_positive_id(query.get("sites_of", "")),
            ids=tuple(dict.fromkeys(site_id for site_id in ids if site_id is not None)),
        )

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.sites_of is not None or self.ids)

    def sites(self, visible: SiteQuerySet) -> SiteQuerySet:
        """Return the selected sites among ``visible``, without archived ones."""
        if self.everything:
            return visible.active()
        if self.sites_of is not None:
            return visible.active().filter(pk__in=Site.objects.filter(releases__number=self.sites_of).values("pk"))
        return visible.active().filter(pk__in=self.ids)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values of the hidden fields that carry the selection."""
        if self.everything:
            return [("all", "1")]
        if self.sites_of is not None:
            return [("sites_of", str(self.sites_of))]
        return [("site", str(site_id)) for site_id in self.ids]


def _positive_id(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= MAX_ID:
        return int(text)
    return None


def chosen_format(query: QueryDict) -> str:
    """Return the requested format, or the default one if it is unknown."""
    requested = query.get("format", DEFAULT_FORMAT)
    return requested if requested in FORMATS else DEFAULT_FORMAT


class PublishForm(forms.Form):
    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("Describe what changed. Shown in the list of releases."),
    )
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    # Confirm a loss, by the name of its kind; the page says which sites and how many people.
    oauth = forms.BooleanField(required=False)
    client_id = forms.BooleanField(required=False)
    removed = forms.BooleanField(required=False)

    @property
    def confirmed(self) -> list[str]:
        return [loss.value for loss in Loss if self.cleaned_data[loss.value]]


class DeployedForm(forms.Form):
    console = forms.CharField(
        label=_("MDM console"), max_length=60, required=False, help_text=_("Example: Intune, all iPhones")
    )


class LintForm(forms.Form):
    """An app configuration, pasted or as a file."""

    text = forms.CharField(
        label=_("App configuration"),
        strip=False,
        required=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("The value of the key “sites”, or all of the configuration as your MDM shows or exports it."),
    )
    file = forms.FileField(
        label=_("Or a file"),
        max_length=200,
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput,
        help_text=_("Property list, XML, JSON, CSV or text. Up to 1 MiB."),
    )
    format = forms.ChoiceField(label=_("MDM"), initial=DEFAULT_FORMAT)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["format"].choices = [(entry.id, _(entry.label)) for entry in FORMATS.values()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload = cleaned.get("file")
        if not upload and not cleaned.get("text") and not self.errors:
            self.add_error("text", _("Paste an app configuration, or choose a file."))
        if upload and cleaned.get("text"):
            self.add_error("file", _("Enter a text or choose a file, not both."))
        cleaned["data"] = upload.read(MAX_BYTES + 1) if upload else cleaned.get("text", "").encode()
        return cleaned
