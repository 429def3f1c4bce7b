"""Shows the validation errors of a service on the form that called it."""

from __future__ import annotations

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


def add_form_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Add the errors of a service to the form: to the field if the form has it, otherwise to the form itself.

    Fields that already have an error of the form keep it.
    """
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        field = name if name in form.fields and name != NON_FIELD_ERRORS else None
        if field is None or field not in form.errors:
            form.add_error(field, errors)
