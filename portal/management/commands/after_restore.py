"""Run this after a backup was restored, before the web server starts: end the access that it has brought back."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.restored_access import KINDS, end_restored_access

HELP = {
    "sessions": "sign all browsers out, and end password reset links",
    "sign_in_links": "end unused sign-in links",
    "passes": "revoke all passes",
    "phones": "sign all phones out",
    "tokens": "revoke all service tokens and personal tokens",
}


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="all of these")
        for kind in KINDS:
            parser.add_argument(f"--{kind.replace('_', '-')}", action="store_true", help=HELP[kind])

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = {kind for kind in KINDS if options["all"] or options[kind]}
        if not kinds:
            raise CommandError(
                "Choose what to end: --all, or one or more of --sessions --sign-in-links --passes --phones --tokens."
            )
        for kind, count in end_restored_access(kinds).items():
            self.stdout.write(f"{kind.replace('_', ' ')}: {count} ended")
