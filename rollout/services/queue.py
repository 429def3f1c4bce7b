"""Wakes a worker after a row has been committed."""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def wake_worker(task: str, *row_ids: int) -> None:
    """Send the task with the ids of rows after the commit; a name without a module is one of ``rollout.tasks``.

    An unreachable broker is only logged: the row waits, and the next beat wakes a worker.
    """

    def send() -> None:
        try:
            current_app.send_task(task if "." in task else f"rollout.tasks.{task}", args=row_ids, retry=False)
        except (OperationalError, OSError) as error:
            log.warning("broker_unreachable", task=task, row_ids=row_ids, error=type(error).__name__)

    transaction.on_commit(send)
