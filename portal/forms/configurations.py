"""What the configuration pages take: a selection of sites, a note, a text to look at."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from rollout.mdm.vendor_formats import FORMATS
from rollout.models import Site
from rollout.models.site import SiteQuerySet
from rollout.services.configurations import chosen_sites

BIGGEST_ID = 2**63 - 1
FIRST_FORMAT = "json"
LONGEST_PASTED = 1_000_000  # a form may have four megabytes, and encoding triples every quote


@dataclass(frozen=True)
class Selection:
    """The sites a configuration is for: ``?all=1``, those of a release (``?sites_of=N``), or ``?site=ID`` repeated."""

    everything: bool
    sites_of: int | None
    ids: tuple[int, ...]

    @classmethod
    def of(cls, query: QueryDict) -> Selection:
        """Read a selection; what is no number is left out."""
        numbers = [_number(value) for value in query.getlist("site")]
        return cls(
            everything=query.get("all") == "1",
            sites_of=_number(query.get("sites_of", "")),
            ids=tuple(dict.fromkeys(number for number in numbers if number is not None)),
        )

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.sites_of is not None or self.ids)

    def sites(self, visible: SiteQuerySet) -> SiteQuerySet:
        """The selected sites among ``visible``; archived ones are left out."""
        if self.everything:
            return visible.active()
        if self.sites_of is not None:
            return visible.active().filter(pk__in=Site.objects.filter(releases__number=self.sites_of).values("pk"))
        return chosen_sites(visible, self.ids)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Name and value of the hidden fields that carry the selection on."""
        if self.everything:
            return [("all", "1")]
        if self.sites_of is not None:
            return [("sites_of", str(self.sites_of))]
        return [("site", str(number)) for number in self.ids]


def _number(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= BIGGEST_ID:
        return int(text)
    return None


def chosen_format(query: QueryDict) -> str:
    """The format that is asked for, the neutral one when it is unknown."""
    asked = query.get("format", FIRST_FORMAT)
    return asked if asked in FORMATS else FIRST_FORMAT


class PublishForm(forms.Form):
    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("What changed, for readers of the release list."),
    )
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)


class LintForm(forms.Form):
    text = forms.CharField(
        label=_("Site list"),
        strip=False,
        max_length=LONGEST_PASTED,
        widget=forms.Textarea(attrs={"rows": 14, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("The value of the key sites, as entered in your MDM."),
        error_messages={"required": _("Paste the value of the key sites.")},
    )
    format = forms.ChoiceField(label=_("MDM"), initial=FIRST_FORMAT)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["format"].choices = [(entry.id, _(entry.label)) for entry in FORMATS.values()]  # type: ignore[attr-defined]
