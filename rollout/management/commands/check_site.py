"""Checks sites from the command line, without a database, with the same probes and rules as the pages."""

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
from rollout.compatibility.verdict import Evaluation, Outcome, Setup, SetupVerdict, Verdict
from rollout.probes.site import Target, observe
from rollout.services.network import policy

SETUP_NAMES = {Setup.MDM: "MDM setup", Setup.NON_MDM: "Non-MDM setup"}
STATUS_NAMES = {
    Verdict.READY_MDM: "Ready",
    Verdict.READY_NON_MDM: "Ready",
    Verdict.ACTION_NEEDED: "Action needed",
    Verdict.INCOMPATIBLE: "Incompatible",
    Verdict.UNKNOWN: "Unknown",
}
OUTCOME_NAMES = {
    Outcome.PASS: "Passed",
    Outcome.WARNING: "Warning",
    Outcome.UNKNOWN: "Unknown",
    Outcome.ACTION_NEEDED: "Action needed",
    Outcome.INCOMPATIBLE: "Incompatible",
}


class Command(BaseCommand):
    help = "Checks live sites and prints the status of the MDM setup and the Non-MDM setup. Needs no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("urls", nargs="+", metavar="URL", help="base URL of a site, including its context path")
        parser.add_argument("--json", action="store_true", help="print JSON (see docs/check_site.md)")
        parser.add_argument(
            "--product", choices=["confluence", "jira"], default="confluence", help="default: confluence"
        )
        parser.add_argument("--oauth-plugin", metavar="VERSION", help="version of the OAuth plugin, if known")
        parser.add_argument("--mobile-plugin", metavar="VERSION", help="version of the mobile plugin, if known")

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
        self.stdout.write(f"  {SETUP_NAMES[setup.setup]}: {STATUS_NAMES[setup.verdict]}")
        for number, step in enumerate(next_steps(setup), start=1):
            self.stdout.write(f"    {number}. {step.remedy % step.values} ({step.rule})")
        self.stdout.write("    Findings:")
        for finding in setup.findings:
            self.stdout.write(
                f"      {OUTCOME_NAMES[finding.outcome]:<14} {finding.rule:<20} {finding.message % finding.values}"
            )
            if finding.remedy:
                self.stdout.write(f"      {'':<35} → {finding.remedy % finding.values}")


def as_contract(observation: Observation, evaluation: Evaluation) -> dict[str, Any]:
    """Return one site in the documented JSON: ``url``, ``matrix``, ``setups`` and ``observation``."""
    return {
        "url": observation.base_url,
        "matrix": evaluation.matrix,
        "setups": {setup.setup.value: _setup(setup) for setup in evaluation.setups()},
        "observation": observation.to_json(),
    }


def _setup(setup: SetupVerdict) -> dict[str, Any]:
    return {**setup.to_json(), "first": [finding.rule for finding in next_steps(setup)]}
