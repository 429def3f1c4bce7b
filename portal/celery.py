"""The Celery application: `celery -A portal worker` and `celery -A portal beat`.

Messages only wake workers. The work itself is a row in the database, so a lost message only delays it until the next
beat. That is why no result backend is configured.
"""

import gc
import os

from celery import Celery
from celery.signals import beat_init, worker_init, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def check_settings(**_kwargs: object) -> None:
    from portal.start_checks import require_startable  # noqa: PLC0415 - after the settings

    require_startable()


@worker_process_init.connect
def collect_garbage_less_often(**_kwargs: object) -> None:
    """A check allocates many objects and nearly no cycles, but each full collection also walks all modules and models.

    Leaving out what exists before the first task, and collecting less often, saves a tenth of the CPU time of a bulk
    check; its memory stays the same (``benchmarks.sweep``).
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
