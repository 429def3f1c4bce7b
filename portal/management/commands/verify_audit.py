"""Verify that every event of the audit log matches its predecessor. Exits with status 1 if not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rollout.services.audit_verification import verify_chain


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify_chain()
        if not report.intact:
            raise CommandError(
                f"The audit log is broken at event {report.broken_at}. The {report.events} events before it are intact."
            )
        self.stdout.write(f"The audit log is intact: {report.events} events.")
