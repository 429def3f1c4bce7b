"""Starts, pauses or resumes a bulk check from the command line."""

from __future__ import annotations

import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from rollout.models import Sweep
from rollout.services.checks import sweeps


class Command(BaseCommand):
    help = "Starts a bulk check: queues a check of every site, which the workers run."

    def add_arguments(self, parser: CommandParser) -> None:
        action = parser.add_mutually_exclusive_group()
        action.add_argument(
            "--due",
            action="store_true",
            help="queue only the sites that are due, if a scheduled bulk check is due (as beat does)",
        )
        action.add_argument("--pause", action="store_true", help="pause the running bulk checks")
        action.add_argument("--resume", action="store_true", help="resume the paused bulk checks")
        parser.add_argument(
            "--wait", action="store_true", help="wait for the end; exit with 1 if the bulk check failed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["pause"] or options["resume"]:
            self._pause_or_resume(pause=options["pause"])
            return
        sweep = sweeps.start_due_sweep() if options["due"] else self._start()
        if sweep is None:
            self.stdout.write("No sites are due, or no bulk check is due yet.")
            return
        self.stdout.write(f"Started bulk check {sweep.pk}. Sites: {sweep.total}.")
        if options["wait"]:
            self._wait(sweep)

    def _start(self) -> Sweep:
        try:
            return sweeps.start_sweep(actor=None, trigger=Sweep.Trigger.COMMAND)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _pause_or_resume(self, *, pause: bool) -> None:
        action, label = (sweeps.pause_sweep, "Paused") if pause else (sweeps.resume_sweep, "Resumed")
        changed = [str(sweep.pk) for sweep in Sweep.objects.unfinished() if action(actor=None, sweep=sweep)]
        self.stdout.write(f"{label} bulk checks: {', '.join(changed) or 'none'}.")

    def _wait(self, sweep: Sweep) -> None:
        """Print the progress every two seconds until the bulk check ends."""
        while not sweep.is_finished:
            time.sleep(2)
            sweep.refresh_from_db()
            rate = sweep.per_minute(timezone.now())
            speed = f", {rate:.0f} per minute" if rate else ""
            self.stdout.write(f"{sweep.done + sweep.broken} of {sweep.total}{speed} ({sweep.state})")
        self.stdout.write(
            f"Checked: {sweep.done}, with a new status: {sweep.changed}, unreachable: {sweep.failing}, "
            f"not finished: {sweep.broken}."
        )
        if sweep.state == "failed":
            raise CommandError(
                "The bulk check failed: more than half of its checks did not finish. See the log of the workers."
            )
