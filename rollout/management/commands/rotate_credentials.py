"""Encrypt all stored secrets again with the first of CREDENTIAL_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rollout.services.credential_keys import rotate_credentials
from rollout.services.vault import VaultError


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = rotate_credentials(actor=None)
        except VaultError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Encrypted with the first key: {done.sealed}.")
        if done.lost:
            raise CommandError(
                f"No key decrypts {', '.join(done.lost)}. Add the key that encrypted them to "
                "CREDENTIAL_KEYS, or enter the secrets again."
            )
        self.stdout.write("The other keys can now be removed from CREDENTIAL_KEYS.")
