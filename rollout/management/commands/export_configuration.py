"""Print the MDM configuration of sites in one export format."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollout.mdm.vendor_formats import FORMATS
from rollout.models import Site
from rollout.services.configurations import export_configuration


class Command(BaseCommand):
    help = "Prints the MDM configuration of all sites, or of the sites with the given base URLs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("urls", nargs="*", metavar="URL", help="base URL of a site; all sites if omitted")
        parser.add_argument("--format", choices=list(FORMATS), default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        sites = Site.objects.active()
        if options["urls"]:
            base_urls = {url.rstrip("/") for url in options["urls"]}
            sites = sites.filter(base_url__in=base_urls)
            unknown = base_urls - set(sites.values_list("base_url", flat=True))
            if unknown:
                raise CommandError(f"no such site: {', '.join(sorted(unknown))}")
        try:
            text = export_configuration(actor=None, sites=sites, format_id=options["format"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(text, ending="" if text.endswith("\n") else "\n")
