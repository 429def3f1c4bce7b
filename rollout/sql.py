"""Statements written by hand, for the few paths that every phone takes: the ORM spends ten times their time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def rows(statement: str, values: Mapping[str, Any]) -> list[Any]:
    """All rows that a statement returns, none for one that returns nothing. Values are named as ``%(name)s``."""
    database = connections[DEFAULT_DB_ALIAS]
    if hasattr(database, "rows"):  # the engine has a shorter way
        return list(database.rows(statement, values))
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
