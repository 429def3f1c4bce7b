"""Add the simulated demo sites and one test site hosted by Gatepass. Existing sites stay unchanged."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal import demo


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.PROBE_ALLOW_LOOPBACK:
            raise CommandError(
                "Gatepass may not connect to the demo sites on the loopback interface. Set PROBE_ALLOW_LOOPBACK=1."
            )
        self.stdout.write(f"Sites added: {len(demo.load())}")
