"""The cache: in Redis, and in this process while Redis is away or full.

So no page fails or waits without Redis, and the limits of django-allauth, which are counted here, are never off: each
process counts its own requests meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from oauth_provider.limits.redis_pause import TIMEOUTS, redis_pause


class FallbackCache(BaseCache):
    """Django's Redis cache with timeouts. ``location`` is the URL of Redis."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = RedisCache(location, {**params, "OPTIONS": {**params.get("OPTIONS", {}), **TIMEOUTS}})
        self._local = LocMemCache(location, params)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._run("add", key, value, timeout, version))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._run("get", key, default, version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._run("set", key, value, timeout, version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._run("touch", key, timeout, version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._run("delete", key, version))

    def clear(self) -> None:
        self._run("clear")

    def _run(self, method: str, *arguments: Any) -> Any:
        if not redis_pause.is_on():
            try:
                return getattr(self._redis, method)(*arguments)
            except RedisError as error:
                redis_pause.begin(error)
        return getattr(self._local, method)(*arguments)
