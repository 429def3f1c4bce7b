"""Print the MDM configuration of sites in one export format."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollout.mdm.diff import Loss
from rollout.mdm.vendor_formats import FORMATS
from rollout.models import Site
from rollout.services.configurations import export_configuration


class Command(BaseCommand):
    help = "Prints the MDM configuration of all sites, or of the sites with the given base URLs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("urls", nargs="*", metavar="URL", help="base URL of a site; all sites if omitted")
        parser.add_argument("--format", choices=list(FORMATS), default="json")
        parser.add_argument(
            "--confirm",
            action="append",
            choices=[loss.value for loss in Loss],
            default=[],
            help="export although, compared with the current release, sites lose OAuth 2.0 (oauth), get a new client "
            "ID (client_id) or are left out (removed); may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sites = Site.objects.active()
        if options["urls"]:
            base_urls = {url.rstrip("/") for url in options["urls"]}
            sites = sites.filter(base_url__in=base_urls)
            unknown = base_urls - set(sites.values_list("base_url", flat=True))
            if unknown:
                raise CommandError(f"no such site: {', '.join(sorted(unknown))}")
        try:
            text = export_configuration(
                actor=None, sites=sites, format_id=options["format"], confirmed=options["confirm"]
            )
        except ValidationError as error:
            if not hasattr(error, "error_dict"):
                raise CommandError(" ".join(error.messages)) from error
            flags = " ".join(f"--confirm {loss}" for loss in error.message_dict)
            raise CommandError(f"{' '.join(error.messages)} To export nevertheless: {flags}") from error
        self.stdout.write(text, ending="" if text.endswith("\n") else "\n")
