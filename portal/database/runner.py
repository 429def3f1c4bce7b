"""Runs hand-written SQL statements: the port ``STATEMENT_RUNNER`` of the domain and the provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from .base import DatabaseWrapper


def run(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a statement, an empty list for one that returns none. Values are named as ``%(name)s``.

    Raises django.db.Error.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if isinstance(database, DatabaseWrapper):
        return database.rows(statement, values)
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []
