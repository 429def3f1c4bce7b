"""The web: the only app that sees a request."""

from .celery import app as celery_app

__all__ = ["celery_app"]
