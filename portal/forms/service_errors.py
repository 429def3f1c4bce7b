"""Puts what a service refused onto the form that asked for it."""

from __future__ import annotations

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


def add_form_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Add a service's ValidationError to the form: by field where the form has it, else at the top.

    A field that the form itself refused keeps its own words.
    """
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        field = name if name in form.fields and name != NON_FIELD_ERRORS else None
        if field is None or field not in form.errors:
            form.add_error(field, errors)
