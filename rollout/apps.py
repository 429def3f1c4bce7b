from typing import Any

from django.apps import AppConfig
from django.apps import apps as django_apps
from django.db.models.signals import post_migrate


class RolloutConfig(AppConfig):
    name = "rollout"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_sign_older_audit_log, sender=self)


def _sign_older_audit_log(apps: Any = django_apps, **_kwargs: Any) -> None:
    """After an update: all events from now on are signed. Not after a migration to an older schema."""
    from rollout.services.audit import mark_seam  # noqa: PLC0415 - needs the models

    fields = {field.name for field in apps.get_model("rollout", "AuditHead")._meta.get_fields()}
    if "signature" in fields:
        mark_seam()
