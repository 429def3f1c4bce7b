"""Adds the sites of the demo fleet and one rehearsal site; those that are there already stay as they are."""

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
                "The demo fleet lives on this machine's loopback. Set PROBE_ALLOW_LOOPBACK=1 for a trial."
            )
        self.stdout.write(f"{len(demo.load())} sites added.")
