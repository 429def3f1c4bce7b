"""How far a check is that a page waits for: its answers so far, in the cache for as long as it runs.

Only for the page: the result is stored elsewhere, and an entry that cannot be written is left out. The cache itself
waits for Redis only briefly (``portal.pages.fallback_cache``).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog
from django.core.cache import cache

from rollout.compatibility.main_requests import MAIN_REQUESTS, MainRequest
from rollout.compatibility.observation import Answer
from rollout.models import CheckRun
from rollout.probes.site import SITE_SECONDS

log = structlog.get_logger(__name__)

KEPT_SECONDS = 2 * SITE_SECONDS


@dataclass
class ProgressReport:
    """Reports the answers of one run; called as a ``Report``."""

    run: CheckRun
    _answers: dict[str, tuple[str, int]] = field(default_factory=dict)

    async def __call__(self, name: str, answer: Answer) -> None:
        self._answers[name] = (answer.answered, answer.elapsed_ms)
        try:
            await asyncio.to_thread(cache.set, _key(self.run), self._answers, KEPT_SECONDS)
        except Exception as error:
            log.warning("check_progress_not_written", run_id=self.run.pk, error=type(error).__name__)


def progress_of(run: CheckRun) -> list[MainRequest]:
    """Return the main requests of a running check with the answers that are known."""
    try:
        answers = cache.get(_key(run), {})
    except Exception as error:
        log.warning("check_progress_not_read", run_id=run.pk, error=type(error).__name__)
        answers = {}
    return [MainRequest(name, *answers.get(name, ())) for name in MAIN_REQUESTS]


def _key(run: CheckRun) -> str:
    return f"check-progress:{run.pk}"
