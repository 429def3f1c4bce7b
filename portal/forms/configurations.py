"""Forms of the configuration pages: the selection of sites, the note of a release, the site list to check."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from rollout.mdm.diff import Loss
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import Site
from rollout.models.site import SiteQuerySet

MAX_ID = 2**63 - 1
DEFAULT_FORMAT = "json"
MAX_SITE_LIST_LENGTH = 1_000_000  # requests are limited to 4 MB, and form encoding triples every quotation mark


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


class LintForm(forms.Form):
    text = forms.CharField(
        label=_("Site list"),
        strip=False,
        max_length=MAX_SITE_LIST_LENGTH,
        widget=forms.Textarea(attrs={"rows": 14, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("The value of the “sites” key in your MDM's app configuration."),
        error_messages={"required": _("Paste the value of the “sites” key.")},
    )
    format = forms.ChoiceField(label=_("MDM"), initial=DEFAULT_FORMAT)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["format"].choices = [(entry.id, _(entry.label)) for entry in FORMATS.values()]  # type: ignore[attr-defined]
