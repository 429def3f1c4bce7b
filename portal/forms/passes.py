"""The forms of passes: issue a pass, and create a new link for a pass."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.models import User
from rollout.models import Site

from .row_choices import RowsField

DATE = "date"
MAX_SITES_SHOWN = 60  # other sites are found by search; a page with thousands of checkboxes is not usable
MAX_SUGGESTIONS = 200
MAX_VALIDITY = timedelta(days=366)


def sites_to_issue_for(user: User) -> QuerySet[Site]:
    """The sites that this person may add to a pass: active sites that they may change."""
    sites = Site.objects.active().order_by("title", "pk")
    return sites if user.is_administrator else sites.filter(owners=user)


class DependentForm(forms.Form):
    """A form in which some fields are required only for a certain choice, and ignored otherwise."""

    use_required_attribute = False
    required_when: ClassVar[dict[str, tuple[str, str]]] = {}  # field → the choice and its value that require it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.required_when:
            self.fields[name].required = not self.is_bound or self.is_required(name)

    def is_required(self, name: str) -> bool:
        """Whether the sent choice requires this field."""
        choice, value = self.required_when[name]
        return bool(self.data.get(choice) == value)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in self.required_when:
            if not self.is_required(name):
                self.errors.pop(name, None)
                data[name] = None
        return data


class ExpiryForm(DependentForm):
    """The expiry of a link: a number of days, or the end of a day in the reader's time zone."""

    required_when: ClassVar = {"expires_at": ("expiry", DATE)}
    expiry = forms.ChoiceField(
        label=gettext_lazy("Valid for"),
        widget=forms.RadioSelect,
        initial="7",
        choices=[
            ("1", gettext_lazy("1 day")),
            ("7", gettext_lazy("7 days")),
            ("14", gettext_lazy("14 days")),
            ("30", gettext_lazy("30 days")),
            (DATE, gettext_lazy("Until a date")),
        ],
    )
    expires_at = forms.DateField(
        label=gettext_lazy("Last day"),
        error_messages={"required": gettext_lazy("Enter the last day on which the pass is valid.")},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("The pass is valid until the end of this day."),
    )

    def clean(self) -> dict[str, Any]:
        """Add ``until``, an aware datetime."""
        data = super().clean()
        if data.get("expires_at"):
            data["until"] = self._end_of(data["expires_at"])
        elif data.get("expiry", DATE) != DATE:
            data["until"] = timezone.now() + timedelta(days=int(data["expiry"]))
        return data

    def _end_of(self, day: date) -> datetime:
        today = timezone.localdate()
        if not today <= day <= today + MAX_VALIDITY:
            last = date_format(today + MAX_VALIDITY, "j M Y")
            self.add_error("expires_at", _("Choose a day from today to %(last)s.") % {"last": last})
            day = today
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


class PassForm(ExpiryForm):
    """Issue a pass. After ``is_valid``, ``account`` (may be None) and ``label`` identify the recipient."""

    required_when: ClassVar = {
        **ExpiryForm.required_when,
        "person": ("audience", "person"),
        "label": ("audience", "label"),
        "max_uses": ("uses", "several"),
    }

    audience = forms.ChoiceField(
        label=gettext_lazy("Recipient"),
        widget=forms.RadioSelect,
        initial="person",
        choices=[
            ("person", gettext_lazy("One person with an account")),
            ("label", gettext_lazy("A group, or a person without an account")),
        ],
    )
    person = forms.CharField(
        label=gettext_lazy("E-mail address"),
        error_messages={"required": gettext_lazy("Choose the recipient.")},
        max_length=254,
        widget=forms.TextInput(attrs={"list": "people-here", "autocomplete": "off", "inputmode": "email"}),
        help_text=gettext_lazy("Type a name or e-mail address and select the person."),
    )
    label = forms.CharField(
        label=gettext_lazy("Name of the pass"),
        error_messages={"required": gettext_lazy("Enter a name for the pass.")},
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Helps you identify the pass, for example “Field service, pilot”."),
    )
    sites = RowsField(
        label=gettext_lazy("Sites"),
        queryset=Site.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Select at least one site.")},
    )
    uses = forms.ChoiceField(
        label=gettext_lazy("Number of phones"),
        widget=forms.RadioSelect,
        initial="once",
        choices=[
            ("once", gettext_lazy("One phone")),
            ("several", gettext_lazy("A limited number of phones")),
            ("unlimited", gettext_lazy("Unlimited until it expires")),
        ],
    )
    max_uses = forms.IntegerField(
        label=gettext_lazy("Number of phones"),
        min_value=1,
        max_value=1_000_000,
        error_messages={"required": gettext_lazy("Enter how many phones the pass may set up.")},
    )
    find = forms.CharField(required=False, max_length=120, strip=True)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["sites"].queryset = sites_to_issue_for(user)  # type: ignore[attr-defined]
        if not user.is_administrator:
            self.fields["person"].help_text = gettext_lazy("The address of the person's account.")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["account"] = self._account(data["person"]) if data.get("person") else None
        if data["account"]:
            data["label"] = str(data["account"])[:120]
        if data.get("uses") == "once":
            data["max_uses"] = 1
        return data

    def _account(self, email: str) -> User | None:
        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None:
            self.add_error(
                "person",
                _("No active account has the address %(email)s. Correct the address, or choose a group as recipient.")
                % {"email": email},
            )
        return person

    @property
    def people(self) -> QuerySet[User]:
        """Accounts that the browser suggests while the address is typed: none to people who may not list accounts."""
        if not self.user.is_administrator:
            return User.objects.none()
        return (
            User.objects.filter(is_active=True)
            .order_by("email")
            .only("email", "first_name", "last_name")[:MAX_SUGGESTIONS]
        )

    def site_choices(self) -> list[tuple[Site, bool]]:
        """Return pairs of site and whether it is chosen: chosen sites first, then up to 60 matches of the search."""
        chosen_keys = _keys(self["sites"].value() or [])
        sites = sites_to_issue_for(self.user).only("title", "base_url")
        chosen = list(sites.filter(pk__in=chosen_keys))
        query = str(self["find"].value() or "").replace("\x00", "").strip()
        others = sites.exclude(pk__in=[site.pk for site in chosen])
        if query:
            others = others.filter(Q(title__icontains=query) | Q(base_url__icontains=query))
        return [(site, True) for site in chosen] + [(site, False) for site in others[:MAX_SITES_SHOWN]]

    def site_count(self) -> int:
        """The number of sites that this person may add to a pass."""
        return sites_to_issue_for(self.user).count()


def _keys(values: Iterable[Any]) -> list[int]:
    """Return the values that are primary keys; validation reports the others."""
    texts = [str(getattr(value, "pk", value)) for value in values]
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 18]
