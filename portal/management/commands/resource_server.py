"""Create, rotate, remove or list resource servers of the root realm, which introspect tokens of Gatepass's own clients.

The secret is printed once. Those of hosted sites are on the page Gateway.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from oauth_provider.resource_servers import Credential
from portal.provided_sites.root_resource_servers import (
    create_root_server,
    remove_root_server,
    root_servers,
    rotate_root_server,
)


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="do", required=True, metavar="ACTION")
        for name, text in (
            ("create", "print a new client ID and secret"),
            ("rotate", "print a new secret; the earlier one ends at once"),
            ("remove", "end the credential"),
        ):
            actions.add_parser(name, help=text).add_argument("name", metavar="NAME")
        actions.add_parser("list", help="print names and client IDs")

    def handle(self, *args: Any, do: str, name: str = "", **options: Any) -> None:
        try:
            if do == "remove":
                remove_root_server(name)
            elif do == "list":
                for server in root_servers():
                    self.stdout.write(f"{server.client_id}  {server.name}")
            else:
                self._print(create_root_server(name) if do == "create" else rotate_root_server(name))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _print(self, credential: Credential) -> None:
        self.stdout.write(f"client_id: {credential.client_id}")
        self.stdout.write(f"client_secret: {credential.secret}")
