"""Imports sites from a CSV file, as the page *Import CSV* does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollout.services.imports import import_sites


class Command(BaseCommand):
    help = "Imports sites from a CSV file. With one error in it, nothing is written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"cannot read {options['file']}: {error.strerror}") from error
        report = import_sites(actor=None, data=data, dry_run=options["dry_run"])
        for fault in report.errors:
            self.stderr.write(f"row {fault.row}, column {fault.column or '-'}: {fault.message}")
        if report.errors:
            raise CommandError(f"{len(report.errors)} errors; nothing was written.")
        done = "would be" if options["dry_run"] else "were"
        self.stdout.write(
            f"{report.created} sites {done} added, {report.changed} changed, {report.unchanged} left as they are."
        )
