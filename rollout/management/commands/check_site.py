"""Checks sites from the command line, without a database: the same probes, rules and verdicts as the pages."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from rollout.base_url import BaseUrlError, parse_base_url
from rollout.compatibility import rules
from rollout.compatibility.next_steps import next_steps
from rollout.compatibility.observation import Observation, PluginVersions
from rollout.compatibility.verdict import Evaluation, SetupVerdict
from rollout.probes.site import Target, observe
from rollout.services.network import policy


class Command(BaseCommand):
    help = "Checks sites against the live servers and prints the verdict of each road."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("urls", nargs="+", metavar="URL", help="base URL of a site, with its context path")
        parser.add_argument("--json", action="store_true", help="print the documented JSON (docs/check_site.md)")
        parser.add_argument("--product", choices=["confluence", "jira"], default="confluence")
        parser.add_argument("--oauth-plugin", metavar="VERSION", help="version of the OAuth plugin, if you know it")
        parser.add_argument("--mobile-plugin", metavar="VERSION", help="version of the mobile plugin, if you know it")

    def handle(self, *args: Any, **options: Any) -> None:
        targets = [self._target(url, options) for url in options["urls"]]
        results = [self._check(target) for target in targets]
        if options["json"]:
            self.stdout.write(json.dumps([as_contract(*result) for result in results], indent=2, ensure_ascii=False))
            return
        for observation, evaluation in results:
            self._print(observation, evaluation)

    def _target(self, url: str, options: dict[str, Any]) -> Target:
        try:
            base_url = parse_base_url(url, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
        except BaseUrlError as error:
            raise CommandError(f"{url!r}: {error}") from error
        oauth, mobile = options["oauth_plugin"], options["mobile_plugin"]
        plugins = PluginVersions()
        if oauth or mobile:
            plugins = PluginVersions(oauth=oauth, mobile=mobile, source="manual", as_of=timezone.now())
        return Target(base_url=str(base_url), product=options["product"], plugins=plugins)

    def _check(self, target: Target) -> tuple[Observation, Evaluation]:
        observation = asyncio.run(observe(target, policy=policy(), now=timezone.now))
        return observation, rules.evaluate(observation)

    def _print(self, observation: Observation, evaluation: Evaluation) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(observation.base_url))
        for setup in evaluation.setups():
            self._print_setup(setup)

    def _print_setup(self, setup: SetupVerdict) -> None:
        self.stdout.write(f"  {setup.setup.value}: {setup.verdict.value}")
        for number, first in enumerate(next_steps(setup), start=1):
            self.stdout.write(f"    {number}. {first.remedy % first.values} ({first.rule})")
        for finding in setup.findings:
            evidence = finding.evidence()
            self.stdout.write(f"    {finding.outcome.value:<14} {finding.rule:<20} {evidence['summary']}")
            if finding.remedy:
                self.stdout.write(f"    {'':<35} → {finding.remedy % finding.values}")


def as_contract(observation: Observation, evaluation: Evaluation) -> dict[str, Any]:
    """One site in the documented JSON: ``url``, ``roads.mdm``, ``roads.non_mdm`` and ``observation``."""
    return {
        "url": observation.base_url,
        "matrix": evaluation.matrix,
        "setups": {setup.setup.value: _setup(setup) for setup in evaluation.setups()},
        "observation": observation.to_json(),
    }


def _setup(setup: SetupVerdict) -> dict[str, Any]:
    return {**setup.to_json(), "first": [finding.rule for finding in next_steps(setup)]}
