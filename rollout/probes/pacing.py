"""Keeps to a site's limit of requests: how long to wait after 429, and between the requests after it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from rollout.compatibility.refusals import RefusalKind
from rollout.http_client.reply import Reply

DEFAULT_WAIT = 1.0  # seconds, if a 429 does not say how long to wait
MAX_WAITS = 2  # for one request


@dataclass
class Pacer:
    """``pause`` is the time in seconds to leave between two requests, 0 until the site limits them."""

    deadline: float  # by time.monotonic()
    pause: float = 0.0
    _last: float = 0.0

    async def before_request(self) -> None:
        """Wait until the next request is allowed, at most until the deadline."""
        if self.pause:
            until = min(self._last + self.pause, self.deadline)
            await asyncio.sleep(max(0.0, until - time.monotonic()))

    def after_request(self) -> None:
        self._last = time.monotonic()

    def slow_down(self, reply: Reply) -> bool:
        """Keep to the limit that a response names. Return whether repeating the request fits into the deadline."""
        wait = retry_after(reply, now=datetime.now(UTC))
        wait = DEFAULT_WAIT if wait is None else wait
        if time.monotonic() + wait + 0.5 > self.deadline:
            return False
        self.pause = max(self.pause, wait + 0.05)
        return True


def limits_requests(reply: Reply) -> bool:
    """Whether the response refuses a request because there were too many."""
    return reply.answer.refusal == RefusalKind.RATE_LIMIT


def retry_after(reply: Reply, *, now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` names, as a number or as a date (RFC 9110 section 10.2.3)."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
