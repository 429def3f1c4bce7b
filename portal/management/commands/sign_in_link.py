"""Prints a link that signs one person in once; for people who are locked out and for the first administrator."""

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
            help="who gets in; left out: the first administrator, made when there is none",
        )

        parser.add_argument(
            "--remove-factors",
            action="store_true",
            help="remove the person's passkeys, authenticator app and recovery codes: for who has lost them all",
        )

    def handle(self, *args: Any, email: str, remove_factors: bool, **options: Any) -> None:
        email = email.strip()
        person = User.objects.filter(email__iexact=email).first() if email else first_administrator()
        if person is None:
            raise CommandError(f"There is nobody with the address {email}.")
        if not person.is_active:
            raise CommandError(f"{person.email} is deactivated. Activate the account first.")
        if remove_factors:
            reset_factors(user=person, actor=None)
        self.stdout.write(make_link(user=person, purpose=SignInLink.Purpose.WELCOME, actor=None))
