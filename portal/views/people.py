"""People, for administrators: list, export, create, change, sign out and deactivate accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache

from oauth_provider.tokens.sessions import live_sessions
from portal.accounts.access import administrators, person
from portal.accounts.people import (
    change_person,
    create_person,
    deactivate_person,
    reactivate_person,
    sign_out_everywhere,
)
from portal.accounts.sign_in_links import make_link
from portal.forms.people import NewPersonForm, PersonForm, SignOutForm
from portal.forms.service_errors import add_form_errors
from portal.models import Role, SignInLink, User
from portal.pages.actions import action, form_view, page_view
from portal.pages.listing import Export, SearchFilter, Table
from portal.pages.one_time_forms import FormSentError, new_form_id, send_once, sent_before
from rollout.enrollment.qr import qr_svg

ACTIVE = [("yes", gettext_lazy("Active")), ("no", gettext_lazy("Deactivated"))]


class PeopleFilters(django_filters.FilterSet):
    chips = ("role",)
    q = SearchFilter(fields=("email", "first_name", "last_name"), label=gettext_lazy("Search"))
    role = django_filters.ChoiceFilter(choices=Role.choices, label=gettext_lazy("Role"))
    active = django_filters.ChoiceFilter(choices=ACTIVE, method="by_active", label=gettext_lazy("Account"))

    class Meta:
        model = User
        fields: list[str] = []

    def by_active(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(is_active=value == "yes")


def _cells(people: Iterator[User]) -> Iterator[tuple[Any, ...]]:
    for row in people:
        seen = row.last_login.isoformat() if row.last_login else ""
        active = "yes" if row.is_active else "no"
        yield (row.email, row.get_full_name(), row.role, active, seen, row.date_joined.isoformat())


PEOPLE = Table(
    filters=PeopleFilters,
    sorts={"name": ("first_name", "email"), "email": ("email",), "role": ("role",), "seen": ("last_login",)},
    default_sort="email",
    export=Export(
        "people.csv",
        action="people.exported",
        columns=("email", "name", "role", "active", "last_sign_in", "added_at"),
        cells=_cells,
    ),
)


@administrators
@page_view
def people(request: HttpRequest) -> HttpResponse:
    """List all accounts."""
    listing = PEOPLE.listing(request, User.objects.all())
    return render(request, "people/people.html", {"listing": listing, "sort": listing.sort})


@administrators
@page_view
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """Export the filtered rows as CSV."""
    return PEOPLE.csv(request, User.objects.all())


@never_cache
@administrators
@form_view
def create(request: HttpRequest) -> HttpResponse:
    """Show the form; its POST creates the person and responds with their sign-in link, which is shown only once."""
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            created, link = send_once(request, lambda: _create(person(request), form.cleaned_data))
            return _show_once(request, created, link, is_new=True)
        except ValidationError as error:
            add_form_errors(form, error)
        except FormSentError as sent:
            return sent_before(request, sent, reverse("person_create"))
    return render(request, "people/create.html", {"form": form, "form_id": new_form_id(request)})


def _create(actor: User, data: dict[str, Any]) -> tuple[tuple[User, str], str]:
    created = create_person(actor=actor, email=data["email"], name=data["name"], role=data["role"])
    link = make_link(user=created, purpose=SignInLink.Purpose.WELCOME, actor=actor)
    return (created, link), reverse("person", args=[created.pk])


def _show_once(request: HttpRequest, row: User, url: str, *, is_new: bool) -> HttpResponse:
    """Render the only page that shows the sign-in link."""
    code = qr_svg(url, title=_("QR code of the sign-in link of %(person)s") % {"person": row})
    context = {"row": row, "url": url, "is_new": is_new, "code": mark_safe(code)}  # nosec B308 B703  # noqa: S308  (generated SVG)
    return render(request, "people/shown_once.html", context)


@administrators
@form_view
def person_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one person; POST changes name and role, or with ``do`` deactivates or reactivates the account."""
    row = get_object_or_404(User, pk=pk)
    if request.method != "POST":
        return _person_page(request, row)
    if request.POST.get("do") in ACTIONS:
        return _change_activation(request, row, request.POST["do"])
    form = PersonForm(request.POST)
    if form.is_valid():
        try:
            change_person(actor=person(request), person=row, **form.cleaned_data)
            messages.success(request, _("Changes saved."))
            return redirect("person", pk=row.pk)
        except ValidationError as error:
            add_form_errors(form, error)
    return _person_page(request, row, form)


def _person_page(request: HttpRequest, row: User, form: PersonForm | None = None) -> HttpResponse:
    context = {
        "row": row,
        "form": form or PersonForm(initial={"name": row.get_full_name(), "role": row.role}),
        "form_id": new_form_id(request),
        "is_me": row.pk == person(request).pk,
        "phones": len(live_sessions(row)),
        "owned_sites": row.owned_sites.active().order_by("title")[:20],
        "passes": row.passes.order_by("-created_at")[:10],
    }
    return render(request, "people/person.html", context)


ACTIONS = ("deactivate", "reactivate")


def _change_activation(request: HttpRequest, row: User, action: str) -> HttpResponse:
    if action == "reactivate":
        reactivate_person(actor=person(request), person=row)
        messages.success(request, _("%(person)s can sign in again.") % {"person": row})
        return redirect("person", pk=row.pk)
    try:
        phones = deactivate_person(actor=person(request), person=row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        signed_out = ngettext("%(n)d phone was signed out.", "%(n)d phones were signed out.", phones) % {"n": phones}
        messages.success(request, _("%(person)s can no longer sign in.") % {"person": row} + " " + signed_out)
    return redirect("person", pk=row.pk)


@never_cache
@administrators
@action("person", "pk")
def sign_in_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Create a sign-in link and show it once; an earlier unused one no longer works."""
    row = get_object_or_404(User, pk=pk)
    url = reverse("person", args=[row.pk])
    if not row.is_active:
        messages.error(request, _("This account is deactivated. Reactivate it before you create a sign-in link."))
        return redirect(url)
    try:
        link = send_once(request, lambda: (_make_link(person(request), row), url))
    except FormSentError as sent:
        return sent_before(request, sent, url)
    return _show_once(request, row, link, is_new=False)


def _make_link(actor: User, row: User) -> str:
    return make_link(user=row, purpose=SignInLink.Purpose.WELCOME, actor=actor)


@administrators
@form_view
def sign_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what to sign out of a person; the POST signs out their browsers, their phones or both."""
    row, user = get_object_or_404(User, pk=pk), person(request)
    if row == user:
        return redirect("sign_out_everywhere")
    form = SignOutForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        ended = sign_out_everywhere(actor=user, person=row, **form.cleaned_data)
        counts = {"person": row, **vars(ended)}
        text = _("%(person)s was signed out (browsers: %(sessions)d, phones: %(phones)d, tokens: %(tokens)d).") % counts
        messages.success(request, text)
        return redirect("person", pk=row.pk)
    context = {"form": form, "row": row, "is_me": False, "back": reverse("person", args=[row.pk])}
    return render(request, "people/sign_out.html", context, status=422 if form.errors else 200)
