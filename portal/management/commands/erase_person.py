"""Erase one person: account, sessions, phones, notices, and their name in passes, other texts and the audit log.

Without --yes nothing is erased; the counts show what would be.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from portal.accounts.erasure import erase_person, plan_erasure
from portal.models import User


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="e-mail address of the person, or their number")
        parser.add_argument("--yes", action="store_true", help="erase; this cannot be undone")

    def handle(self, *args: Any, email: str, yes: bool, **options: Any) -> None:
        is_number = email.isascii() and email.isdigit()
        person = User.objects.filter(**({"pk": int(email)} if is_number else {"email__iexact": email.strip()})).first()
        if person is None:
            raise CommandError(f"No person has the {'number' if is_number else 'e-mail address'} {email}.")
        number = person.pk
        try:
            counts = (erase_person if yes else plan_erasure)(actor=None, person=person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        for table, count in sorted(counts.items()):
            self.stdout.write(f"{count:>8}  {table}")
        self.stdout.write(f"Person {number} is erased." if yes else "Nothing was erased. To erase, add --yes.")
