"""Sessions in the database, as Django's, looked up by a statement written by hand: every page begins with it."""

from __future__ import annotations

import functools
from typing import Any

from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

from rollout import sql


class SessionStore(db.SessionStore):
    """Its name is part of the salt that sessions are signed with: those of Django's own store stay good."""

    def load(self) -> dict[str, Any]:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        found = sql.rows(_statement(), {"key": self.session_key, "now": now})
        if found:
            return self.decode(found[0][0])
        self._session_key = None
        return {}


@functools.cache
def _statement() -> str:
    table = connection.ops.quote_name(SessionStore.get_model_class()._meta.db_table)
    return f"SELECT session_data FROM {table} WHERE session_key = %(key)s AND expire_date > %(now)s"  # noqa: S608
