"""Print a link that signs in one person once: the first administrator, or a person who is locked out."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.factors import reset_factors
from portal.accounts.first_administrator import first_administrator
from portal.accounts.sign_in_links import make_link
from portal.models import SignInLink, User


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "email",
            nargs="?",
            default="",
            help="e-mail address of the person; default: the first administrator, who is created if there is none",
        )

        parser.add_argument(
            "--remove-factors",
            action="store_true",
            help="delete the person's passkeys, authenticator app and recovery codes, for a person who has lost them",
        )

    def handle(self, *args: Any, email: str, remove_factors: bool, **options: Any) -> None:
        email = email.strip()
        person = User.objects.filter(email__iexact=email).first() if email else first_administrator()
        if person is None:
            raise CommandError(f"No person has the e-mail address {email}. Add them on the page People first.")
        if not person.is_active:
            raise CommandError(f"The account {person.email} is deactivated. Reactivate it on the page People first.")
        if remove_factors:
            reset_factors(user=person, actor=None)
        self.stdout.write(make_link(user=person, purpose=SignInLink.Purpose.WELCOME, actor=None))
