"""What text a person enters may hold: PostgreSQL stores no null character, and a form is not the only way in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator

no_nulls = ProhibitNullCharactersValidator()
NOTES: list[Callable[[Any], None]] = [no_nulls, MaxLengthValidator(4000)]
LINE: list[Callable[[Any], None]] = [no_nulls]
