"""Starts a check of all sites, and pauses or resumes one, from the command line."""

from __future__ import annotations

import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from rollout.models import Sweep
from rollout.services.checks import sweeps


class Command(BaseCommand):
    help = "Queues a check of every site that does not wait for one; workers do it."

    def add_arguments(self, parser: CommandParser) -> None:
        action = parser.add_mutually_exclusive_group()
        action.add_argument(
            "--due", action="store_true", help="only the sites that come due, if it is time (beat's deed)"
        )
        action.add_argument("--pause", action="store_true", help="pause the sweeps that run")
        action.add_argument("--resume", action="store_true", help="resume the sweeps that are paused")
        parser.add_argument("--wait", action="store_true", help="wait for the end; exit with 1 when the sweep failed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["pause"] or options["resume"]:
            self._pause_or_resume(sweeps.pause_sweep if options["pause"] else sweeps.resume_sweep)
            return
        sweep = sweeps.start_due_sweep() if options["due"] else self._start()
        if sweep is None:
            self.stdout.write("Nothing comes due, or it is not time yet.")
            return
        self.stdout.write(f"Sweep {sweep.pk}: {sweep.total} sites.")
        if options["wait"]:
            self._wait(sweep)

    def _start(self) -> Sweep:
        try:
            return sweeps.start_sweep(actor=None, trigger=Sweep.Trigger.COMMAND)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _pause_or_resume(self, action: Any) -> None:
        done = [sweep.pk for sweep in Sweep.objects.unfinished() if action(actor=None, sweep=sweep)]
        self.stdout.write(f"Sweeps: {', '.join(map(str, done)) or 'none'}.")

    def _wait(self, sweep: Sweep) -> None:
        """Say how far it is every few seconds."""
        while not sweep.is_finished:
            time.sleep(2)
            sweep.refresh_from_db()
            rate = sweep.per_minute(timezone.now())
            said = f", {rate:.0f} a minute" if rate else ""
            self.stdout.write(f"{sweep.done + sweep.broken} of {sweep.total}{said} ({sweep.state})")
        self.stdout.write(
            f"{sweep.done} judged, {sweep.changed} changed, {sweep.failing} not reached, {sweep.broken} not finished."
        )
        if sweep.state == "failed":
            raise CommandError("The sweep failed: Gatepass could not finish more than half of its checks.")
