"""The database engine ``portal.postgresql``: Django's own, but for the health check of a persistent connection.

Django asks ``SELECT 1`` at the beginning of every request, which is a third of what a refresh costs. A server that
ended a connection, by a restart for instance, has written that into the socket: a socket with nothing to read is alive.
"""

from __future__ import annotations

import select

import psycopg
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """``vendor`` is postgresql and everything else as there."""

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
