"""Walks the audit trail and says whether every event still fits the one before it; exits with 1 when not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rollout.services.audit_verification import verify_chain


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify_chain()
        if not report.intact:
            raise CommandError(f"The audit trail is broken at event {report.broken_at}; {report.events} before it fit.")
        self.stdout.write(f"The audit trail is intact: {report.events} events.")
