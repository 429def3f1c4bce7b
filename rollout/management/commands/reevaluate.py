"""Re-evaluates stored observations with the current rules and matrix, without requests to sites."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from rollout.base_url import BaseUrlError, parse_base_url
from rollout.models import Site
from rollout.services.checks.reevaluation import Change, Reevaluated, reevaluate_sites


class Command(BaseCommand):
    help = "Re-evaluates the latest check of sites with the current rules and matrix. Sends no requests to sites."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("urls", nargs="*", metavar="URL", help="base URL of a site")
        parser.add_argument("--all", action="store_true", help="re-evaluate all sites that are not archived")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        result = reevaluate_sites(actor=None, sites=self._sites(options["urls"], every=options["all"]))
        if options["json"]:
            self.stdout.write(json.dumps(as_json(result), indent=2))
            return
        self._print(result)

    def _sites(self, urls: list[str], *, every: bool) -> QuerySet[Site]:
        if every == bool(urls):
            raise CommandError("Enter the base URLs of the sites to re-evaluate, or use --all.")
        active = Site.objects.active()
        return active if every else active.filter(base_url__in=[self._validated(url) for url in urls])

    def _validated(self, url: str) -> str:
        try:
            base_url = str(parse_base_url(url, allow_loopback_http=True))
        except BaseUrlError as error:
            raise CommandError(f"{url!r}: {error}") from error
        if not Site.objects.active().filter(base_url=base_url).exists():
            raise CommandError(f"{base_url}: the site does not exist or is archived.")
        return base_url

    def _print(self, result: Reevaluated) -> None:
        for change in result.changes:
            self.stdout.write(f"{change.site.base_url}: {_verdicts(change.was)} → {_verdicts(change.now)}")
        self.stdout.write(
            f"Re-evaluated {result.evaluated} of {_total(result)} sites with matrix {result.matrix}. "
            f"Sites with a new status: {len(result.changes)}."
        )
        if result.under_way:
            self.stdout.write(f"Skipped because a check is running: {result.under_way}.")
        if result.unknown:
            self.stdout.write(f"Skipped because not checked since the last change: {result.unknown}.")
        if result.unreadable:
            self.stdout.write(f"Stored check not readable: {result.unreadable}. Check these sites again.")


def as_json(result: Reevaluated) -> dict[str, Any]:
    """Return the result in the documented JSON (docs/operations.md)."""
    return {
        "matrix": result.matrix,
        "sites": _total(result),
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


def _total(result: Reevaluated) -> int:
    return result.evaluated + result.under_way + result.unknown + result.unreadable


def _verdicts(pair: tuple[str, str]) -> str:
    return f"MDM setup {pair[0]}, Non-MDM setup {pair[1]}"
