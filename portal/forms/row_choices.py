"""A form field for several rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet


class RowsField(forms.ModelMultipleChoiceField):
    """A multiple choice that rejects integers too large for a primary key, on which SQLite raises OverflowError."""

    def clean(self, value: Any) -> QuerySet[Any]:
        """Return the selected rows. Raises ValidationError."""
        try:
            return super().clean(value)
        except OverflowError:
            longest = max(value, key=len)
            raise ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": longest[:40]}
            ) from None
