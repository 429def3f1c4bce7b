"""Judges stored observations again by today's rules and the matrix in force, without touching the network."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from rollout.base_url import BaseUrlError, parse_base_url
from rollout.models import Site
from rollout.services.checks.reevaluation import Change, Reevaluated, reevaluate_sites


class Command(BaseCommand):
    help = "Judges what was last observed of sites by today's rules and the matrix in force. Asks no site anything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("urls", nargs="*", metavar="URL", help="base URL of a site")
        parser.add_argument("--all", action="store_true", help="judge every site that is not archived")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        result = reevaluate_sites(actor=None, sites=self._sites(options["urls"], every=options["all"]))
        if options["json"]:
            self.stdout.write(json.dumps(as_json(result), indent=2))
            return
        self._print(result)

    def _sites(self, urls: list[str], *, every: bool) -> QuerySet[Site]:
        if every == bool(urls):
            raise CommandError("Name the sites to judge again by their base URLs, or say --all.")
        active = Site.objects.active()
        return active if every else active.filter(base_url__in=[self._known(url) for url in urls])

    def _known(self, url: str) -> str:
        try:
            base_url = str(parse_base_url(url, allow_loopback_http=True))
        except BaseUrlError as error:
            raise CommandError(f"{url!r}: {error}") from error
        if not Site.objects.active().filter(base_url=base_url).exists():
            raise CommandError(f"{base_url}: there is no such site, or it is archived.")
        return base_url

    def _print(self, result: Reevaluated) -> None:
        for change in result.changes:
            self.stdout.write(f"{change.site.base_url}: {_verdicts(change.was)} → {_verdicts(change.now)}")
        self.stdout.write(
            f"Judged {result.evaluated} of {_asked(result)} sites again by the matrix {result.matrix}: "
            f"{len(result.changes)} verdicts changed."
        )
        if result.under_way:
            self.stdout.write(f"{result.under_way} left to the check that is under way.")
        if result.unknown:
            self.stdout.write(f"{result.unknown} not observed yet, or edited since.")
        if result.unreadable:
            self.stdout.write(f"{result.unreadable} with a stored observation that cannot be read. Check them again.")


def as_json(result: Reevaluated) -> dict[str, Any]:
    """The result in the documented JSON (docs/operations.md)."""
    return {
        "matrix": result.matrix,
        "sites": _asked(result),
        "evaluated": result.evaluated,
        "changed": len(result.changes),
        "under_way": result.under_way,
        "not_observed": result.unknown,
        "unreadable": result.unreadable,
        "changes": [_change(change) for change in result.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    was, now = (dict(zip(("mdm", "non_mdm"), pair, strict=True)) for pair in (change.was, change.now))
    return {"url": change.site.base_url, "was": was, "now": now}


def _asked(result: Reevaluated) -> int:
    return result.evaluated + result.under_way + result.unknown + result.unreadable


def _verdicts(pair: tuple[str, str]) -> str:
    return f"with MDM {pair[0]}, without MDM {pair[1]}"
