"""Celery beat's schedule after a clock was set back.

Beat stores when it last sent each task, and sends it again an interval later. A time ahead of the clock would therefore
stop all scheduled work until the clock reaches it.
"""

from __future__ import annotations

from typing import Any

from celery.beat import PersistentScheduler

from rollout.models.waiting_times import CLOCK_SKEW


class Scheduler(PersistentScheduler):
    def tick(self, *arguments: Any, **options: Any) -> float:
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at > now + CLOCK_SKEW:
                entry.last_run_at = now
                self._heap = None  # the times in it are ahead, too; the next line builds it again
        return float(super().tick(*arguments, **options))
