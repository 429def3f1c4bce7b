"""Forms for e-mail notifications and webhooks."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.pages.listing import Table
from rollout.models import DeliveryState, NoticeKind, NotificationPreference, Site, WebhookDelivery
from rollout.models.text import LINE
from rollout.services.notifications import preferences
from rollout.services.notifications.webhooks import KINDS

HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]


class PreferencesForm(forms.Form):
    """E-mail settings of one person. The site choice is only for people who can see all sites."""

    every = forms.ChoiceField(label=_("E-mail frequency"), choices=NotificationPreference.Every.choices)
    kinds = forms.MultipleChoiceField(
        label=_("Notify me about"), required=False, widget=forms.CheckboxSelectMultiple, choices=NoticeKind.choices
    )
    only_followed = forms.BooleanField(
        label=_("Only sites I own or follow"),
        required=False,
        help_text=_("If not selected, you are notified about all sites except those you muted."),
    )
    hour = forms.ChoiceField(label=_("Time of daily e-mail"), choices=HOURS)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = preferences.kinds_for(person)
        self.fields["kinds"].choices = [pair for pair in NoticeKind.choices if pair[0] in allowed]  # type: ignore[attr-defined]
        zones = [(name, name.replace("_", " ")) for name in sorted(preferences.time_zones()) if "/" in name]
        own = _("Server default (%(zone)s)") % {"zone": settings.TIME_ZONE}
        self.fields["time_zone"].choices = [("", own), ("UTC", "UTC"), *zones]  # type: ignore[attr-defined]
        if not person.reads_all_sites:
            del self.fields["only_followed"]

    def clean_hour(self) -> int:
        return int(self.cleaned_data["hour"])


class WebhookForm(forms.Form):
    """Name, receiver, events and sites of a webhook."""

    name = forms.CharField(label=_("Name"), max_length=80, validators=LINE, help_text=_("Example: Wiki team chat"))
    url = forms.CharField(
        label=_("URL"),
        max_length=500,
        validators=LINE,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Gatepass sends POST requests to this HTTPS URL. Redirects are not followed."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Events"),
        widget=forms.CheckboxSelectMultiple,
        choices=[pair for pair in NoticeKind.choices if pair[0] in KINDS],
        error_messages={"required": _("Choose at least one event.")},
    )
    sites = forms.CharField(
        label=_("Only these sites"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One base URL per line. Leave empty to include all sites and failed bulk checks."),
    )

    def clean_sites(self) -> list[Site]:
        urls = {line.strip().rstrip("/") for line in self.cleaned_data["sites"].splitlines() if line.strip()}
        sites = list(Site.objects.filter(base_url__in=urls).order_by("pk"))
        missing = sorted(urls - {site.base_url for site in sites})
        if missing:
            message = _("No site has the base URL %(url)s. Copy the base URL from the site's page.")
            raise forms.ValidationError(message, params={"url": missing[0]})
        return sites


class DeliveryFilters(django_filters.FilterSet):
    chips = ("state",)
    state = django_filters.ChoiceFilter(choices=DeliveryState.choices, label=_("State"))

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []


DELIVERIES = Table(
    filters=DeliveryFilters,
    sorts={"created": ("created_at",), "finished": ("finished_at",)},
    default_sort="-created",
)
