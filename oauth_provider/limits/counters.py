"""Shared counters of rate limits, in Redis if configured, else in the database.

If Redis is away or full, the database counts, from zero. Nothing works without the database anyway, so a limit is never
silently off, and a Redis failure does not block sign-in.
"""

from __future__ import annotations

import functools
from datetime import timedelta

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from oauth_provider.models import RateCount

from .redis_pause import TIMEOUTS, redis_pause

# Atomic, so that two processes cannot both take the last permits. Returns the count including this block.
_TAKE = "local n = redis.call('INCRBY', KEYS[1], ARGV[1]) redis.call('EXPIRE', KEYS[1], ARGV[2]) return n"


def grant(name: bytes, window: int, seconds: int, block: int, count: int) -> int:
    """Count ``block`` permits in this window and return how many of them are within the limit ``count``."""
    total = _count(name, window, seconds, block)
    return max(0, block - max(0, total - count))


def _count(name: bytes, window: int, seconds: int, block: int) -> int:
    if settings.REDIS_URL and not redis_pause.is_on():
        try:
            key = f"gatepass:rate:{name.hex()}:{window}"
            return int(_script(settings.REDIS_URL)(keys=[key], args=[block, 2 * seconds]))
        except redis.RedisError as error:
            redis_pause.begin(error)
    return _count_in_database(name.hex(), window, seconds, block)


def _count_in_database(name: str, window: int, seconds: int, block: int) -> int:
    """Insert a counter, add to it within the same window, or reset it for a new window, in one statement."""
    expires = timezone.now() + timedelta(seconds=2 * seconds)
    table = RateCount._meta.db_table
    statement = (
        f"INSERT INTO {table} (name, window_number, count, expires) VALUES (%s, %s, %s, %s) "  # nosec B608  # noqa: S608 (a model's table)
        f"ON CONFLICT (name) DO UPDATE SET count = excluded.count + CASE WHEN {table}.window_number = "
        f"excluded.window_number THEN {table}.count ELSE 0 END, window_number = excluded.window_number, "
        "expires = excluded.expires RETURNING count"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [name, window, block, expires])
        return int(cursor.fetchone()[0])


@functools.cache
def _script(url: str) -> redis.commands.core.Script:
    client = redis.Redis.from_url(url, **TIMEOUTS)
    return client.register_script(_TAKE)


def delete_expired_counts(batch: int = 1000) -> int:
    """Delete expired counters from the database in batches and return how many."""
    deleted = 0
    while names := list(RateCount.objects.filter(expires__lt=timezone.now()).values_list("name", flat=True)[:batch]):
        deleted += RateCount.objects.filter(name__in=names).delete()[0]
    return deleted
