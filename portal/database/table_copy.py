"""Copies all rows of the default database to an empty PostgreSQL database with the same schema.

Rows pass through the fields' conversions of both databases and PostgreSQL's COPY. No model is saved, so primary keys
are kept and no signal is sent. One transaction; memory does not grow with the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from psycopg.sql import SQL, Identifier

TARGET = "target"
BATCH = 1000
MIGRATIONS = MigrationRecorder.Migration._meta.db_table
# Tables that migrations fill. Their rows are replaced.
FILLED_BY_MIGRATIONS = (
    "auth_permission",
    "django_content_type",
    "rollout_matrixline",
    "rollout_matrixedition",
    "rollout_audithead",
)


class CopyError(Exception):
    """The rows were not copied; the text states why and contains no value of a row."""


@contextmanager
def target_connection(database: dict[str, Any]) -> Iterator[BaseDatabaseWrapper]:
    """Yield a connection to this database, a value for ``DATABASES``."""
    configured = connections.configure_settings({DEFAULT_DB_ALIAS: database, TARGET: database})
    connections.settings[TARGET] = configured[TARGET]
    try:
        yield connections[TARGET]
    finally:
        connections[TARGET].close()
        del connections[TARGET], connections.settings[TARGET]


def require_empty(target: BaseDatabaseWrapper) -> None:
    """Raise CopyError if a table has rows that migrations did not write."""
    with target.cursor() as cursor:
        for table in sorted(set(target.introspection.table_names(cursor)) - {MIGRATIONS, *FILLED_BY_MIGRATIONS}):
            cursor.execute(SQL("SELECT 1 FROM {} LIMIT 1").format(Identifier(table)))
            if cursor.fetchone():
                raise CopyError(f"The target already holds data: the table {table} has rows. Create an empty database.")


def require_known_tables() -> None:
    """Raise CopyError unless this database has exactly the tables of today's models."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CopyError("The trial's database is older than this version. Run the migrations first: manage.py migrate")
    unknown = set(connection.introspection.table_names()) - {MIGRATIONS} - {m._meta.db_table for m in _models()}
    if unknown:
        raise CopyError(f"These tables belong to no model and would be lost: {', '.join(sorted(unknown))}.")


def copy_rows(target: BaseDatabaseWrapper) -> dict[str, int]:
    """Copy all tables and return the number of rows of each, counted in both databases. Raises CopyError."""
    with transaction.atomic(), transaction.atomic(using=TARGET), target.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in FILLED_BY_MIGRATIONS:
            cursor.execute(SQL("DELETE FROM {}").format(Identifier(table)))
        counts = {model._meta.db_table: _copy_table(model, target, cursor) for model in _models()}
        for statement in target.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)
        try:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except DatabaseError as error:
            raise CopyError(f"A row refers to one that does not exist: {_reason(error)}.") from None
        return counts


def _models() -> list[type[models.Model]]:
    every = apps.get_models(include_auto_created=True)
    return [model for model in every if model._meta.managed and not model._meta.proxy]


def _copy_table(model: type[models.Model], target: BaseDatabaseWrapper, cursor: Any) -> int:
    """Copy the rows of a table and return how many it now has in both databases."""
    fields, table = model._meta.concrete_fields, Identifier(model._meta.db_table)
    columns = SQL(", ").join(Identifier(str(field.column)) for field in fields)
    rows = model._base_manager.using(DEFAULT_DB_ALIAS).order_by("pk").values_list(*(field.attname for field in fields))
    try:
        with target.wrap_database_errors, cursor.copy(SQL("COPY {} ({}) FROM STDIN").format(table, columns)) as copy:
            for row in rows.iterator(chunk_size=BATCH):
                copy.write_row([f.get_db_prep_save(v, target) for f, v in zip(fields, row, strict=True)])
    except DatabaseError as error:
        raise CopyError(f"PostgreSQL refuses a row of {model._meta.db_table}: {_reason(error)}.") from None
    cursor.execute(SQL("SELECT count(*) FROM {}").format(table))
    [copied], expected = cursor.fetchone(), rows.count()
    if copied != expected:
        raise CopyError(f"{model._meta.db_table} has {expected} rows, but {copied} arrived.")
    return int(copied)


def _reason(error: DatabaseError) -> str:
    """Return PostgreSQL's message without its details, which quote the row."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "message_primary", None) or type(error).__name__
