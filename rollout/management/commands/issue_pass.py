"""Issues an enrollment pass and prints its link, which is shown this once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from rollout.enrollment.qr import qr_png, qr_svg, qr_text_url
from rollout.models import Site
from rollout.services.passes import issue_pass, pass_url


class Command(BaseCommand):
    help = "Issues a pass for one person or a group and prints its link."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("label", help="for whom: a name, or a group's")
        parser.add_argument("urls", nargs="+", metavar="URL", help="base URLs of the sites on the pass")
        parser.add_argument("--days", type=int, default=14, help="how long it is good for (14)")
        parser.add_argument("--uses", type=int, default=1, help="how often it may be used; 0: no limit (1)")
        parser.add_argument("--qr", type=Path, metavar="FILE", help="also write the QR code to FILE (.svg or .png)")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {url.rstrip("/") for url in options["urls"]}
        sites = list(Site.objects.active().filter(base_url__in=wanted))
        unknown = wanted - {site.base_url for site in sites}
        if unknown:
            raise CommandError(f"no such site: {', '.join(sorted(unknown))}")
        if not 1 <= options["days"] <= 3650:
            raise CommandError("--days takes 1 to 3650")
        if options["qr"] and options["qr"].suffix not in {".svg", ".png"}:
            raise CommandError("--qr takes a file name that ends in .svg or .png")
        try:
            _, token = issue_pass(
                actor=None,
                label=options["label"],
                sites=sites,
                expires_at=timezone.now() + timedelta(days=options["days"]),
                max_uses=options["uses"] or None,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["qr"]:
            self._write_qr(options["qr"], qr_text_url(pass_url(token)))
        self.stdout.write(pass_url(token))

    def _write_qr(self, file: Path, text: str) -> None:
        file.write_bytes(qr_png(text) if file.suffix == ".png" else qr_svg(text).encode())
