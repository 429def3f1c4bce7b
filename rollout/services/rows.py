"""Updates many rows at once, each with its own values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def update_rows(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Write these fields of every row: like ``bulk_update``, for a tenth of its CPU time.

    ``bulk_update`` builds an expression for each value; here one prepared statement is sent with the values of all
    rows, which psycopg pipelines. Plain columns only: no expressions, no inherited tables.
    """
    if not rows:
        return
    meta, name = rows[0]._meta, connection.ops.quote_name
    columns: list[Any] = [meta.get_field(field) for field in (*fields, meta.pk.name)]
    *changes, key = (f"{name(column.column)} = %s" for column in columns)
    sql = f"UPDATE {name(meta.db_table)} SET {', '.join(changes)} WHERE {key}"  # nosec B608  # noqa: S608 - our own names
    values = [[column.get_db_prep_save(getattr(row, column.attname), connection) for column in columns] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)
