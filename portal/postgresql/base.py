"""The database engine ``portal.postgresql``: Django's own, with a cheaper health check and a way for hot statements.

Django asks ``SELECT 1`` at the beginning of every request, which is a third of what a refresh costs. A server that
ended a connection, by a restart for instance, has written that into the socket: a socket with nothing to read is alive.
"""

from __future__ import annotations

import select
from collections.abc import Mapping
from typing import Any

import psycopg
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """``vendor`` is postgresql and everything else as there."""

    _kept: psycopg.Cursor[Any] | None = None  # of ``rows``

    def rows(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of a statement, by a cursor that is kept: half of what ``cursor()`` takes of the time of both.

        In a transaction, and for whoever watches statements, it is Django's own cursor. Raises django.db.Error.
        """
        if self.in_atomic_block or self.execute_wrappers or self.queries_logged:
            with self.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            if self._kept is None or self._kept.connection is not self.connection:
                self._kept = self.connection.cursor()
            return self._kept.execute(statement, values).fetchall()

    def is_usable(self) -> bool:
        """Whether the connection lives. Asks the server only when something came that nobody waits for."""
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
