"""Imports sites from a CSV file, as the page *Import CSV* does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollout.services.imports import import_sites


class Command(BaseCommand):
    help = "Imports sites from a CSV file. If it contains an error, nothing is imported."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="CSV file with a header row")
        parser.add_argument("--dry-run", action="store_true", help="report what would change, without importing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"Cannot read {options['file']}: {error.strerror}.") from error
        report = import_sites(actor=None, data=data, dry_run=options["dry_run"])
        for cell in report.errors:
            self.stderr.write(f"Row {cell.row}, column {cell.column or '-'}: {cell.message}")
        if report.errors:
            raise CommandError(f"Nothing was imported. Errors: {len(report.errors)}.")
        if options["dry_run"]:
            self.stdout.write(
                f"Dry run: nothing was imported. To create: {report.created}, to change: {report.changed}, "
                f"unchanged: {report.unchanged}."
            )
            return
        self.stdout.write(f"Sites created: {report.created}, changed: {report.changed}, unchanged: {report.unchanged}.")
