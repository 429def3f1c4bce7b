"""The Celery application: `celery -A portal worker` and `celery -A portal beat`.

Messages only wake workers. The work itself is a row in the database, so a lost message only delays it until the next
beat. That is why no result backend is configured.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
