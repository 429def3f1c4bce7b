"""Editions of the version matrix in Django admin: copied, edited as drafts, put in force once, then never changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from rollout.actor import Actor
from rollout.compatibility.matrix import Requirement
from rollout.compatibility.matrix_text import faults_between, read_line
from rollout.models import MatrixEdition, MatrixLine
from rollout.services import matrix
from rollout.services.checks.reevaluation import sites_to_reevaluate

URLS: Any = {models.URLField: {"assume_scheme": "https"}}


class EditionForm(forms.ModelForm):
    def clean_source(self) -> str:
        source: str = self.cleaned_data["source"]
        if not source.startswith("https://"):
            raise ValidationError(gettext("Give the address of the source with https."))
        return source


class LineForm(forms.ModelForm):
    """One line of a draft. ``requirement`` is what it says once it is valid."""

    requirement: Requirement | None = None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        texts = {name: cleaned.get(name) or "" for name in matrix.FIELDS}
        self.requirement, faults = read_line(texts)
        for fault in faults:
            if fault.field not in self.errors:  # what the field itself says first
                self.add_error(fault.field, matrix.said(fault))
        return cleaned

    @property
    def says_something(self) -> bool:
        """Whether it is a line, not the empty form for another."""
        return bool(self.instance.pk) or self.has_changed()


class LineFormSet(forms.BaseInlineFormSet):
    """The lines of a draft together: no version belongs to two of them."""

    def clean(self) -> None:
        super().clean()
        forms: list[Any] = [form for form in self.forms if form not in self.deleted_forms]
        kept = [form for form in forms if form.says_something]
        if any(form.errors for form in kept):
            return
        faults = faults_between([form.requirement for form in kept if form.requirement])
        if faults:
            raise ValidationError([matrix.said(fault) for fault in faults])


def is_draft(edition: MatrixEdition | None) -> bool:
    return edition is not None and edition.in_force_at is None


def may_operate(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_administrator", False))


@contextmanager
def _refusal_as_403() -> Iterator[None]:
    """What a service refuses after the forms were checked is a change that came too late."""
    try:
        yield
    except ValidationError as error:
        raise PermissionDenied(" ".join(error.messages)) from None


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person: the admin site answers no one else."""
    return cast(Actor, request.user)


class LineInline(admin.StackedInline):
    model = MatrixLine
    form = LineForm
    formset = LineFormSet
    formfield_overrides = URLS
    extra = 0
    fields = (
        ("product", "position"), ("since", "below"), ("server", "oauth_plugin", "mobile_plugin"),
        ("app", "redirect_url"), "source", "unclear",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_operate(request) and is_draft(obj)

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(MatrixEdition)
class MatrixEditionAdmin(admin.ModelAdmin):
    """An edition in force stays as it is: a change of the matrix is a new edition, made from another."""

    form = EditionForm
    list_display = ["__str__", "as_of", "in_force_at", "created_by", "created_at", "note"]
    list_filter = [("in_force_at", admin.EmptyFieldListFilter)]
    list_select_related = ["created_by"]
    search_fields = ["note", "source"]
    fields = ["as_of", "source", "note", "in_force_at", "created_by", "created_at"]
    readonly_fields = ["in_force_at", "created_by", "created_at"]
    formfield_overrides = URLS
    inlines = [LineInline]
    actions = ["new_edition", "put_in_force"]

    def get_actions(self, request: HttpRequest) -> Any:
        """Without "Delete selected": a draft is deleted on its own page."""
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an edition begins as a copy of another

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_operate(request) and is_draft(obj)

    has_delete_permission = has_change_permission

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return may_operate(request)

    def save_model(self, request: HttpRequest, obj: MatrixEdition, form: Any, change: bool) -> None:
        """Write nothing yet: ``save_related`` saves the edition and its lines as one change."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        def write() -> None:
            super(MatrixEditionAdmin, self).save_model(request, form.instance, form, change)
            super(MatrixEditionAdmin, self).save_related(request, form, formsets, change)

        with _refusal_as_403():
            matrix.change_draft(actor=actor_of(request), edition=form.instance, write=write)
        for gap in matrix.gaps_of(form.instance):
            self.message_user(request, gap, messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: MatrixEdition) -> None:
        with _refusal_as_403():
            matrix.delete_draft(actor=actor_of(request), edition=obj)

    @admin.action(description=_("New edition from this one"), permissions=["operate"])
    def new_edition(self, request: HttpRequest, queryset: QuerySet[MatrixEdition]) -> HttpResponse | None:
        edition = self._one(request, queryset)
        if edition is None:
            return None
        draft = matrix.copy_edition(actor=actor_of(request), edition=edition)
        self.message_user(request, gettext("This is a draft. It judges nothing until you put it in force."))
        return redirect(reverse("admin:rollout_matrixedition_change", args=[draft.pk]))

    @admin.action(description=_("Put in force…"), permissions=["operate"])
    def put_in_force(self, request: HttpRequest, queryset: QuerySet[MatrixEdition]) -> HttpResponse | None:
        """Ask first: what changes, and how many sites are judged again; then do it."""
        edition = self._one(request, queryset)
        if edition is None:
            return None
        if request.POST.get("confirmed") != "yes":
            return self._ask(request, edition)
        try:
            matrix.put_in_force(actor=actor_of(request), edition=edition)
        except ValidationError as error:
            self._say_all(request, error)
        else:
            self._say_in_force(request, edition)
        return None

    def _one(self, request: HttpRequest, queryset: QuerySet[MatrixEdition]) -> MatrixEdition | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(request, gettext("Choose exactly one edition."), messages.ERROR)
            return None
        return chosen[0]

    def _ask(self, request: HttpRequest, edition: MatrixEdition) -> HttpResponse | None:
        try:
            gone, new = matrix.differences(edition)
        except ValidationError as error:
            self._say_all(request, error)
            return None
        sites = sites_to_reevaluate()
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Put %(edition)s in force?") % {"edition": edition},
            "opts": self.opts,
            "edition": edition,
            "instead_of": matrix.matrix_in_force().name,
            "sites": ngettext("%(count)s site", "%(count)s sites", sites) % {"count": sites},
            "gone": gone,
            "new": new,
            "gaps": matrix.gaps_of(edition),
        }
        return TemplateResponse(request, "admin/rollout/matrixedition/put_in_force.html", context)

    def _say_in_force(self, request: HttpRequest, edition: MatrixEdition) -> None:
        words = gettext("%(edition)s is in force. Workers judge what was observed before by it now.")
        self.message_user(request, words % {"edition": edition}, messages.SUCCESS)

    def _say_all(self, request: HttpRequest, error: ValidationError) -> None:
        for text in error.messages:
            self.message_user(request, text, messages.ERROR)
