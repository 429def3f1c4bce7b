"""Version matrix editions in Django admin: copy an edition, edit the draft, and put it in force."""

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
from rollout.compatibility.matrix_text import errors_between, read_line
from rollout.models import MatrixEdition, MatrixLine
from rollout.services import matrix
from rollout.services.checks.reevaluation import sites_to_reevaluate

URLS: Any = {models.URLField: {"assume_scheme": "https"}}


class EditionForm(forms.ModelForm):
    """Date, source and note of an edition."""

    def clean_source(self) -> str:
        source: str = self.cleaned_data["source"]
        if not source.startswith("https://"):
            raise ValidationError(gettext("Enter the source as an https:// URL."))
        return source


class LineForm(forms.ModelForm):
    """One line of a draft. ``requirement`` is the parsed line once the form is valid."""

    requirement: Requirement | None = None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        texts = {name: cleaned.get(name) or "" for name in matrix.FIELDS}
        self.requirement, errors = read_line(texts)
        for error in errors:
            if error.field not in self.errors:  # the field's own error is more specific
                self.add_error(error.field, matrix.message_of(error))
        return cleaned

    @property
    def is_filled_in(self) -> bool:
        """Whether the form is an existing or a new line, not the empty extra form."""
        return bool(self.instance.pk) or self.has_changed()


class LineFormSet(forms.BaseInlineFormSet):
    """All lines of a draft. Raises ValidationError if lines overlap."""

    def clean(self) -> None:
        super().clean()
        forms: list[Any] = [form for form in self.forms if form not in self.deleted_forms]
        lines = [form for form in forms if form.is_filled_in]
        if any(form.errors for form in lines):
            return
        errors = errors_between([form.requirement for form in lines if form.requirement])
        if errors:
            raise ValidationError([matrix.message_of(error) for error in errors])


def is_draft(edition: MatrixEdition | None) -> bool:
    """Return whether the edition exists and was never put in force."""
    return edition is not None and edition.in_force_at is None


def may_operate(request: HttpRequest) -> bool:
    """Return whether the signed-in person is an administrator."""
    return bool(getattr(request.user, "is_administrator", False))


@contextmanager
def _refusal_as_403() -> Iterator[None]:
    """Turn a service's ValidationError into 403: after valid forms, the edition was put in force meanwhile."""
    try:
        yield
    except ValidationError as error:
        raise PermissionDenied(" ".join(error.messages)) from None


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in person."""
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
    """Drafts can be edited. A change of an edition in force is a new edition, created from a copy."""

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
        """Remove "Delete selected": a draft is deleted on its own page."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an edition is created from a copy of another one

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_operate(request) and is_draft(obj)

    has_delete_permission = has_change_permission

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return may_operate(request)

    def save_model(self, request: HttpRequest, obj: MatrixEdition, form: Any, change: bool) -> None:
        """Do nothing: ``save_related`` saves the edition and its lines as one change."""

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

    @admin.action(description=_("Create an edition from this one"), permissions=["operate"])
    def new_edition(self, request: HttpRequest, queryset: QuerySet[MatrixEdition]) -> HttpResponse | None:
        edition = self._one(request, queryset)
        if edition is None:
            return None
        draft = matrix.copy_edition(actor=actor_of(request), edition=edition)
        self.message_user(request, gettext("Draft created. Sites are not evaluated with it until you activate it."))
        return redirect(reverse("admin:rollout_matrixedition_change", args=[draft.pk]))

    @admin.action(description=_("Activate…"), permissions=["operate"])
    def put_in_force(self, request: HttpRequest, queryset: QuerySet[MatrixEdition]) -> HttpResponse | None:
        """Show the changes and the number of sites affected; after confirmation, put the edition in force."""
        edition = self._one(request, queryset)
        if edition is None:
            return None
        if request.POST.get("confirmed") != "yes":
            return self._confirm(request, edition)
        try:
            matrix.put_in_force(actor=actor_of(request), edition=edition)
        except ValidationError as error:
            self._report_errors(request, error)
        else:
            self._report_in_force(request, edition)
        return None

    def _one(self, request: HttpRequest, queryset: QuerySet[MatrixEdition]) -> MatrixEdition | None:
        editions = list(queryset[:2])
        if len(editions) != 1:
            self.message_user(request, gettext("Select exactly one edition."), messages.ERROR)
            return None
        return editions[0]

    def _confirm(self, request: HttpRequest, edition: MatrixEdition) -> HttpResponse | None:
        try:
            removed, added = matrix.differences(edition)
        except ValidationError as error:
            self._report_errors(request, error)
            return None
        sites = sites_to_reevaluate()
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Activate %(edition)s?") % {"edition": edition},
            "opts": self.opts,
            "edition": edition,
            "previous": matrix.matrix_in_force().name,
            "sites": ngettext("%(count)s site", "%(count)s sites", sites) % {"count": sites},
            "removed": removed,
            "added": added,
            "gaps": matrix.gaps_of(edition),
        }
        return TemplateResponse(request, "admin/rollout/matrixedition/put_in_force.html", context)

    def _report_in_force(self, request: HttpRequest, edition: MatrixEdition) -> None:
        text = gettext("%(edition)s is active. Gatepass is re-evaluating the sites.")
        self.message_user(request, text % {"edition": edition}, messages.SUCCESS)

    def _report_errors(self, request: HttpRequest, error: ValidationError) -> None:
        for text in error.messages:
            self.message_user(request, text, messages.ERROR)
