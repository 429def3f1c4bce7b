"""Check an app configuration from an MDM, without a database.

Exit status (docs/mdm.md): 0 if it is clean, 1 if it is readable and has findings, 2 if it is not readable, or if the
file or an option cannot be used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollout.mdm.checked_configuration import MAX_BYTES, CheckedConfiguration, check_configuration
from rollout.mdm.list_findings import ListFinding, Severity
from rollout.mdm.vendor_formats import FORMATS

CLEAN, FINDINGS, NOT_READABLE = 0, 1, 2
SEVERITIES = {
    Severity.UNREADABLE: "Not readable",
    Severity.UNKNOWN_EFFECT: "Effect unknown",
    Severity.STYLE: "Style",
}


class Command(BaseCommand):
    help = "Checks an app configuration as an MDM shows or exports it, and repairs it where no guess is needed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the app configuration; - for standard input")
        parser.add_argument("--format", choices=list(FORMATS), default="json", help="the MDM; default: json, for any")
        parser.add_argument("--json", action="store_true", help="print JSON (see docs/mdm.md)")

    def handle(self, *args: Any, **options: Any) -> None:
        data = _read(options["file"])
        result = check_configuration(data, options["format"], allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json(), indent=2))
        else:
            self.stdout.write("\n".join(_lines(result)))
        if status := NOT_READABLE if not result.readable else FINDINGS if result.findings else CLEAN:
            sys.exit(status)


def _read(name: str) -> bytes:
    """Return the content of a file, or enough of it to see that it is too large."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", returncode=NOT_READABLE) from None


def _lines(result: CheckedConfiguration) -> Iterator[str]:
    recognized = " / ".join(result.containers) or "nothing"
    yield f"{'Readable' if result.readable else 'Not readable'}. Recognized: {recognized}."
    if result.kept_keys:
        yield f"Other keys: {', '.join(result.kept_keys)}."
    yield from map(_line, result.findings)
    if result.not_listed:
        yield f"{result.not_listed} more findings like these."
    if result.repaired and result.findings:
        yield f"Repaired:\n{result.repaired}"
    elif result.findings and not result.repaired:
        yield "Cannot be repaired without a guess."


def _line(finding: ListFinding) -> str:
    body = finding.as_json()
    entry = f", entry {finding.entry}" if finding.entry else ""
    place = f"Line {finding.line}, column {finding.column}{entry}"
    return f"{place}: {body['message']} {body['fix']} [{SEVERITIES[finding.severity]}, {finding.id}]"
