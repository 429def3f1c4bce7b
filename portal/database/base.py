"""The database engine ``portal.database``: Django's own, with a cheaper health check and prepared statements.

Django sends ``SELECT 1`` at the beginning of every request, a third of the cost of a refresh. A server that closes a
connection, for example at a restart, writes to the socket first: a socket with nothing to read is usable.
"""

from __future__ import annotations

import functools
import itertools
import re
import select
from collections.abc import Mapping
from typing import Any, NamedTuple

import psycopg
from django.db.backends.postgresql import base
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus

_NAME = re.compile(r"%(?:\((\w+)\)s|%)")
_statement_numbers = itertools.count()  # of prepared statements, unique within the process


class _Prepared(NamedTuple):
    """The names of the statements that a connection has prepared."""

    connection: psycopg.Connection[Any]
    transformer: Any  # psycopg's Transformer, whose type depends on how psycopg was built
    names: dict[str, bytes]


class DatabaseWrapper(base.DatabaseWrapper):
    """``vendor`` is postgresql; everything else is as in Django's class."""

    _prepared: _Prepared | None = None

    def rows(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return all rows of a statement, which is prepared once per connection: half the cost of a cursor.

        Tools that watch statements (``execute_wrappers``, ``queries_logged``) see it on Django's own cursor. In a
        transaction, which a statement that is no longer prepared would break, psycopg's cursor runs it. Raises
        django.db.Error.
        """
        if self.execute_wrappers or self.queries_logged:
            with self.cursor() as cursor:
                return _fetch_all(cursor.execute(statement, values) or cursor)
        self.close_if_health_check_failed()
        if self.connection is None:
            self.ensure_connection()
        if self.in_atomic_block or not self.autocommit:
            self.validate_no_broken_transaction()
            with self.wrap_database_errors:
                return _fetch_all(self.connection.cursor().execute(statement, values))
        with self.wrap_database_errors:
            try:
                return self._execute_prepared(statement, values)
            except (psycopg.errors.InvalidSqlStatementName, psycopg.errors.FeatureNotSupported):
                # psycopg deallocates all statements when a transaction is rolled back; a migration changes result types
                self._prepared = None
                return self._execute_prepared(statement, values)

    def _execute_prepared(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        connection = self.connection
        if self._prepared is None or self._prepared.connection is not connection:
            self._prepared = _Prepared(connection, Transformer(connection), {})
        transformer, names = self._prepared.transformer, self._prepared.names
        query, parameter_names = _with_numbers(statement)
        if statement not in names:
            name = b"gatepass_%d" % next(_statement_numbers)
            _checked(connection.pgconn.prepare(name, query), connection)
            names[statement] = name
        formats = [PyFormat.TEXT] * len(parameter_names)
        parameters = transformer.dump_sequence([values[key] for key in parameter_names], formats)
        result = _checked(connection.pgconn.exec_prepared(names[statement], parameters), connection)
        transformer.set_pgresult(result)
        rows: list[tuple[Any, ...]] = transformer.load_rows(0, result.ntuples, tuple)
        return rows

    def is_usable(self) -> bool:
        """Whether the connection is open. Queries the server only when unexpected data has arrived."""
        connection = self.connection
        if connection is None or connection.closed:
            return False
        try:
            poll = select.poll()
            poll.register(connection.fileno(), select.POLLIN)
            silent = not poll.poll(0)
        except (OSError, psycopg.Error):
            return False
        return silent or bool(super().is_usable())


@functools.lru_cache(maxsize=64)
def _with_numbers(statement: str) -> tuple[bytes, list[str]]:
    """Return the statement with ``$1`` instead of ``%(name)s``, and the names in the order of the numbers."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${names.setdefault(match[1], len(names) + 1)}" if match[1] else "%"

    return _NAME.sub(number, statement).encode(), list(names)


def _fetch_all(cursor: Any) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.pgresult.nfields else []


def _checked(result: Any, connection: Any) -> Any:
    if result.status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
        return result
    error = psycopg.errors.error_from_result(result, encoding=connection.info.encoding)
    raise psycopg.OperationalError(str(error)) if connection.closed else error  # as psycopg's cursor does
