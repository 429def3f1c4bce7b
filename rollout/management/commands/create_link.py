"""Creates a site's application link, as the wizard does."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollout.compatibility.matrix import redirect_url_for
from rollout.models import Site
from rollout.services.links import create_link


class Command(BaseCommand):
    help = "Creates the application link of a site and prints its client ID."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", metavar="URL", help="base URL of the site")
        parser.add_argument("--client-id", default="", help="what Confluence showed; empty on a site Gatepass provides")
        parser.add_argument("--redirect-url", help="refused unless it is the app's own")
        parser.add_argument("--permission", default="WRITE", help="refused unless it is WRITE")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.active().filter(base_url=options["url"].rstrip("/")).first()
        if site is None:
            raise CommandError(f"no such site: {options['url']}")
        try:
            link = create_link(
                actor=None,
                site=site,
                redirect_url=options["redirect_url"] or redirect_url_for(site.product),
                permission=options["permission"],
                client_id=options["client_id"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(link.client_id)
