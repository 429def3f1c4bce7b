"""Writes a row of each model with the code in the current directory, without keeping any. Prints the models.

Run by ``tests/system/test_previous_code.py`` in a process of its own, with the code of the previous release.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import django
import psycopg
from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.utils import timezone

SAMPLES: dict[type[models.Field], Any] = {
    models.DateTimeField: timezone.now,
    models.DateField: lambda: timezone.now().date(),
    models.JSONField: dict,
    models.UUIDField: uuid4,
    models.BooleanField: lambda: False,
    models.BinaryField: bytes,
    models.GenericIPAddressField: lambda: "127.0.0.1",
    models.Field: lambda: 1,
}
# A row that exists is found out last, after all its columns were accepted. The audit log refuses changes.
ALLOWED: tuple[type[psycopg.Error], ...] = (psycopg.errors.UniqueViolation, psycopg.errors.RaiseException)


def main() -> None:
    django.setup()
    every = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    for model in every:
        row = model._base_manager.first()
        if row is None:
            made_up = model(**{field.attname: sample(field) for field in columns(model)})
            write(made_up, force_insert=True, allowed=(*ALLOWED, psycopg.errors.CheckViolation))
        else:
            write(row, force_insert=True)
            write(row, force_update=True)
    print(json.dumps([model._meta.label for model in every]))


def columns(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]


def sample(field: models.Field) -> Any:
    if field.null or field.has_default() or (field.empty_strings_allowed and not field.is_relation):
        return field.get_default()
    return next(make() for kind, make in SAMPLES.items() if isinstance(field, kind))


def write(row: models.Model, *, allowed: tuple[type[psycopg.Error], ...] = ALLOWED, **how: bool) -> None:
    """Send the statement and roll it back."""
    try:
        with transaction.atomic():
            row.save_base(raw=True, **how)  # type: ignore[arg-type]
            transaction.set_rollback(True)
    except DatabaseError as error:
        if not isinstance(error.__cause__, allowed):
            raise


if __name__ == "__main__":
    main()
