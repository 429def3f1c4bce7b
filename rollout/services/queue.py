"""Wakes a worker up once the row it shall work on is committed."""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def wake_worker(task: str, *row_ids: int) -> None:
    """Send ``rollout.tasks.<task>`` with the ids of rows after the commit.

    A broker that does not answer is logged and nothing more: the row waits, and the next beat picks it up.
    """

    def send() -> None:
        try:
            current_app.send_task(f"rollout.tasks.{task}", args=row_ids, retry=False)
        except (OperationalError, OSError) as error:
            log.warning("broker_unreachable", task=task, row_ids=row_ids, error=type(error).__name__)

    transaction.on_commit(send)
