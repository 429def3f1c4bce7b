"""Verify the audit log: every event matches its predecessor and is signed, and expected events are there.

Exits with status 1 if not.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rollout.services.audit_anchors import has_event, missing_event, read_checkpoints
from rollout.services.audit_keys import UnknownKeyError
from rollout.services.audit_verification import verify_chain


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--expect",
            action="append",
            default=[],
            metavar="FILE|HASH",
            help="a file with checkpoints (AUDIT_CHECKPOINT_FILE, or a log in JSON), or the hash of an event",
        )

    def handle(self, *args: Any, expect: list[str], **options: Any) -> None:
        report = verify_chain()
        if report.missing_key:
            raise CommandError(
                f"Event {report.broken_at} is signed with the key {report.missing_key}, which is not in the settings. "
                f"Add the former key to AUDIT_KEYS. The {report.events} events before it are intact."
            )
        if not report.intact:
            raise CommandError(
                f"The audit log is broken at event {report.broken_at}. The {report.events} events before it are intact."
            )
        checked = sum(_expect(text) for text in expect)
        self.stdout.write(f"The audit log is intact: {report.events} events.")
        if expect:
            self.stdout.write(f"It contains all expected events: {checked} checked.")


def _expect(text: str) -> int:
    """Return how many expected events were checked. Raises CommandError if one is missing."""
    if re.fullmatch(r"[0-9a-f]{64}", text):
        if not has_event(text):
            raise CommandError(f"No event of the audit log has the hash {text}: the log was cut, replaced or restored.")
        return 1
    try:
        with Path(text).open(encoding="utf-8", errors="replace") as lines:
            checkpoints = read_checkpoints(lines)
    except OSError as error:
        raise CommandError(f"{text} cannot be read: {error.strerror}.") from error
    except (ValueError, UnknownKeyError) as error:
        raise CommandError(f"{text}, {error}. A former key belongs in AUDIT_KEYS.") from error
    if not checkpoints:
        raise CommandError(f"{text} contains no checkpoint.")
    if missing := missing_event(checkpoints):
        raise CommandError(
            f"Event {missing.number} of the checkpoint of {missing.at} is not in the audit log: the log was cut, "
            "replaced or restored from an older backup."
        )
    return len(checkpoints)
