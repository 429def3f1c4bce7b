"""Validators of text fields. PostgreSQL cannot store null characters, and not all text comes through a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator

no_nulls = ProhibitNullCharactersValidator()
NOTES: list[Callable[[Any], None]] = [no_nulls, MaxLengthValidator(4000)]
LINE: list[Callable[[Any], None]] = [no_nulls]
