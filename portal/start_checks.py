"""Stops a web, worker or scheduler process whose settings are wrong, as ``manage.py`` stops its commands."""

from __future__ import annotations

from django.core.checks import run_checks


def require_startable() -> None:
    """Run the system checks. Raises SystemExit with all errors."""
    errors = [message for message in run_checks() if message.is_serious() and not message.is_silenced()]
    if errors:
        raise SystemExit("\n".join(["Gatepass does not start, because its settings are wrong:", *map(str, errors)]))
