"""Celery beat goes on after a clock was set back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.celery import app
from portal.serving.beat_scheduler import Scheduler

TASK = "rollout.tasks.pick_up_waiting_work"  # every 30 seconds


class Recorder(Scheduler):
    """Keeps the names of tasks instead of sending them."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        self.sent = [*getattr(self, "sent", []), entry.task]


def beat(scheduler: Recorder, seconds: int, start: Any) -> list[str]:
    """Return the tasks that are sent in this time."""
    scheduler.sent = []
    with time_machine.travel(start, tick=False) as clock:
        for _second in range(seconds):
            while scheduler.tick() == 0:
                pass
            clock.shift(1)
    return scheduler.sent


@pytest.fixture
def scheduler(tmp_path: Path) -> Recorder:
    return Recorder(app=app, schedule_filename=str(tmp_path / "schedule"))


def test_settings_name_it() -> None:
    assert app.conf.beat_scheduler == f"{Scheduler.__module__}.{Scheduler.__qualname__}"


@pytest.mark.parametrize("restarted", [False, True])
def test_it_sends_every_task_in_time(scheduler: Recorder, tmp_path: Path, restarted: bool) -> None:
    now = timezone.now()
    ahead = now + timedelta(days=365)
    assert beat(scheduler, 70, ahead).count(TASK) >= 2
    if restarted:
        scheduler.close()
        scheduler = Recorder(app=app, schedule_filename=str(tmp_path / "schedule"))
    sent = beat(scheduler, 70, now)
    assert sent.count(TASK) == 2
    assert {"rollout.tasks.tell_notices", "rollout.tasks.send_due_digests"} <= set(sent)
    scheduler.close()


def test_without_a_jump_it_sends_as_before(scheduler: Recorder) -> None:
    assert beat(scheduler, 125, timezone.now()).count(TASK) == 4
    scheduler.close()
