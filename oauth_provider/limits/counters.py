"""The shared counters behind rate limits: in Redis where there is one, else in the database.

When Redis does not answer, the database counts: without the database nothing here works anyway, so a limit is never
silently off, and a broken cache signs nobody out.
"""

from __future__ import annotations

import functools
import logging
from datetime import timedelta

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from oauth_provider.models import RateCount

logger = logging.getLogger(__name__)
# One step, so that two processes cannot both take the last permits. Returns the count after this block.
_TAKE = "local n = redis.call('INCRBY', KEYS[1], ARGV[1]) redis.call('EXPIRE', KEYS[1], ARGV[2]) return n"
REDIS_TIMEOUT = 0.25  # seconds; it stands in front of every request


def grant(name: bytes, window: int, seconds: int, block: int, count: int) -> int:
    """Count ``block`` permits in this window and return how many of them are within ``count``."""
    total = _count(name, window, seconds, block)
    return max(0, block - max(0, total - count))


def _count(name: bytes, window: int, seconds: int, block: int) -> int:
    if settings.REDIS_URL:
        try:
            key = f"gatepass:rate:{name.hex()}:{window}"
            return int(_script(settings.REDIS_URL)(keys=[key], args=[block, 2 * seconds]))
        except redis.RedisError as error:
            logger.warning("rate_limit_counter_unavailable", extra={"error": type(error).__name__})
    return _count_in_database(name.hex(), window, seconds, block)


def _count_in_database(name: str, window: int, seconds: int, block: int) -> int:
    """One statement: insert, or add within the same window, or begin a new one."""
    expires = timezone.now() + timedelta(seconds=2 * seconds)
    table = RateCount._meta.db_table
    statement = (
        f"INSERT INTO {table} (name, window_number, count, expires) VALUES (%s, %s, %s, %s) "  # noqa: S608 (our own table)
        f"ON CONFLICT (name) DO UPDATE SET count = excluded.count + CASE WHEN {table}.window_number = "
        f"excluded.window_number THEN {table}.count ELSE 0 END, window_number = excluded.window_number, "
        "expires = excluded.expires RETURNING count"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [name, window, block, expires])
        return int(cursor.fetchone()[0])


@functools.cache
def _script(url: str) -> redis.commands.core.Script:
    client = redis.Redis.from_url(url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT)
    return client.register_script(_TAKE)


def delete_expired_counts(batch: int = 1000) -> int:
    """Delete the database's counters of windows that are over, a batch at a time, and return how many."""
    deleted = 0
    while names := list(RateCount.objects.filter(expires__lt=timezone.now()).values_list("name", flat=True)[:batch]):
        deleted += RateCount.objects.filter(name__in=names).delete()[0]
    return deleted
