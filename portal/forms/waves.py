"""The forms of waves: create a wave, issue its passes, filter the lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.pages.listing import SearchFilter, Table
from rollout.models import EnrollmentPass, PassState, Site, Wave
from rollout.services.waves import MAX_PASSES

from .passes import MAX_SITES_SHOWN, ExpiryForm
from .row_choices import RowsField


class WaveForm(forms.Form):
    """Create a wave: its name and its sites."""

    title = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Helps people identify the wave, for example “Sales, March”.")
    )
    sites = RowsField(
        label=_("Sites"),
        queryset=Site.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Select at least one site.")},
    )
    find = forms.CharField(required=False, max_length=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sites"].queryset = Site.objects.active().order_by("title", "pk")  # type: ignore[attr-defined]

    def site_choices(self) -> list[tuple[Site, bool]]:
        """Return pairs of site and whether it is chosen: chosen sites first, then up to 60 matches of the search."""
        texts = [str(getattr(value, "pk", value)) for value in self["sites"].value() or []]
        keys = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 18]
        sites = Site.objects.active().order_by("title", "pk")
        chosen = list(sites.filter(pk__in=keys))
        query = str(self["find"].value() or "").replace("\x00", "").strip()
        others = sites.exclude(pk__in=keys).filter(Q(title__icontains=query) | Q(base_url__icontains=query))
        return [(site, True) for site in chosen] + [(site, False) for site in others[:MAX_SITES_SHOWN]]


class IssueForm(ExpiryForm):
    """Issue passes of a wave: one label per line, and the expiry."""

    labels = forms.CharField(
        label=_("People"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_(
            "One person per line, at most %(most)s. For the e-mail address of an account, Gatepass verifies the "
            "sign-in of that person. Any other text is only a name on the pass."
        )
        % {"most": MAX_PASSES},
        error_messages={"required": _("Enter at least one person, one per line.")},
    )
    field_order = ("labels", "expiry", "expires_at")


class WaveFilters(django_filters.FilterSet):
    """Waves by name and state."""

    q = SearchFilter(fields=("title",), label=_("Search"))
    state = django_filters.ChoiceFilter(
        choices=[("running", _("Running")), ("finished", _("Finished"))], method="by_state", label=_("State")
    )

    class Meta:
        model = Wave
        fields: list[str] = []

    def by_state(self, rows: QuerySet[Wave], _name: str, value: str) -> QuerySet[Wave]:
        return rows.filter(finished_at__isnull=value == "running")


class MemberFilters(django_filters.FilterSet):
    """The people of a wave by name and by the state of their pass."""

    q = SearchFilter(fields=("label", "person__email", "person__first_name"), label=_("Search"))
    state = django_filters.ChoiceFilter(choices=PassState.choices, method="by_state", label=_("Pass"))
    where = django_filters.ChoiceFilter(
        choices=[("issued", _("Not set up yet")), ("used", _("Set up, not signed in")), ("arrived", _("Signed in"))],
        method="by_stage",
        label=_("Progress"),
    )

    class Meta:
        model = EnrollmentPass
        fields: list[str] = []

    def by_state(self, rows: Any, _name: str, value: str) -> Any:
        return rows.in_state(value, timezone.now())

    def by_stage(self, rows: Any, _name: str, value: str) -> Any:
        """Filter by stage. The view annotates ``signed_in_at``."""
        if value == "arrived":
            return rows.exclude(signed_in_at=None)
        return rows.filter(signed_in_at=None, uses__gt=0) if value == "used" else rows.filter(signed_in_at=None, uses=0)


WAVES = Table(
    filters=WaveFilters,
    sorts={"title": ("title",), "planned": ("created_at",), "passes": ("pass_count",)},
    default_sort="-planned",
)
MEMBERS = Table(
    filters=MemberFilters,
    sorts={
        "label": ("label",), "expires": ("expires_at",), "used": ("used_at",), "signed_in": ("signed_in_at",),
    },
    default_sort="label",
)  # fmt: skip
