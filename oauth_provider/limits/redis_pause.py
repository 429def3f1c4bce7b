"""Short timeouts for Redis, and a pause after a failure: a request must not wait once for each of its commands."""

from __future__ import annotations

import logging
import time

logger = logging.getLogger(__name__)

TIMEOUT = 0.25  # seconds to connect, and to wait for a reply
TIMEOUTS = {"socket_connect_timeout": TIMEOUT, "socket_timeout": TIMEOUT}
SECONDS = 5


class RedisPause:
    """While it lasts, this process sends nothing to Redis. One instance per process; threads may share it."""

    def __init__(self) -> None:
        self._ends = 0.0

    def is_on(self) -> bool:
        """Return whether Redis failed in the last seconds."""
        return time.monotonic() < self._ends

    def begin(self, error: Exception) -> None:
        """Start the pause after a failure: no connection, no reply in time, or a full Redis that accepts no writes."""
        self._ends = time.monotonic() + SECONDS
        logger.warning("redis_unavailable", extra={"error": type(error).__name__})

    def end(self) -> None:
        """Send to Redis again at once."""
        self._ends = 0.0


redis_pause = RedisPause()
