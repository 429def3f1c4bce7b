"""Wakes a worker after a row has been committed."""

from __future__ import annotations

import time

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from kombu.pools import producers

log = structlog.get_logger(__name__)

TIMEOUT = 0.25  # seconds to connect, and to wait for a reply: a person's request waits for them
PAUSE = 5  # seconds without further attempts after a failure
# Only for sending: a worker waits for messages, and reconnects by itself.
_SENDING = {"socket_connect_timeout": TIMEOUT, "socket_timeout": TIMEOUT, "max_retries": 0}
_paused_until = 0.0


def wake_worker(task: str, *row_ids: int) -> None:
    """Send the task with the ids of rows after the commit; a name without a module is one of ``rollout.tasks``.

    An unreachable or full broker is only logged: the row waits, and the next beat wakes a worker.
    """
    transaction.on_commit(lambda: _send(task, row_ids))


def _send(task: str, row_ids: tuple[int, ...]) -> None:
    global _paused_until  # noqa: PLW0603 - of this process
    if time.monotonic() < _paused_until:
        return
    connection = current_app.connection_for_write(transport_options=_SENDING)
    try:
        with producers[connection].acquire(block=True) as producer:
            name = task if "." in task else f"rollout.tasks.{task}"
            current_app.send_task(name, args=row_ids, retry=False, producer=producer)
    except (OperationalError, OSError, *connection.connection_errors, *connection.channel_errors) as error:
        _paused_until = time.monotonic() + PAUSE
        log.warning("broker_unreachable", task=task, row_ids=row_ids, error=type(error).__name__)
