"""Checks sites from the command line, without a database, with the same probes and rules as the pages.

Exit status (docs/check_site.md): 0 if every URL was checked, 1 for a URL that is not a base URL, 2 for an option or a
file that cannot be used. Nothing is sent before all of them are valid.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from rollout.base_url import BaseUrlError, parse_base_url
from rollout.compatibility import rules
from rollout.compatibility.next_steps import next_steps
from rollout.compatibility.observation import Observation, PluginVersions
from rollout.compatibility.verdict import Evaluation, Outcome, Setup, SetupVerdict, Verdict
from rollout.formats.ca_bundle import NoAuthorityError, check_ca_bundle
from rollout.formats.certificates import MAX_BUNDLE, BundleError
from rollout.formats.client_certificate import (
    MAX_BYTES,
    MAX_PASSWORD,
    ClientCertificateError,
    read_client_certificate,
)
from rollout.http_client.client_identity import check_client_certificate
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


UNUSABLE = 2  # exit status


@dataclass(frozen=True)
class Connection:
    """How the sites are reached: the same for all URLs of a call."""

    ca_bundle: str = field(default="", repr=False)
    client_certificate: str = field(default="", repr=False)
    through_proxy: bool = False


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
        parser.add_argument("--ca-bundle", metavar="FILE", help="PEM certificates of a private CA to trust")
        parser.add_argument("--through-proxy", action="store_true", help="send the requests through PROBE_PROXY")
        parser.add_argument(
            "--client-certificate", metavar="FILE", help="PEM or PKCS #12 file with the private key, for all URLs"
        )
        parser.add_argument(
            "--client-certificate-password-file", metavar="FILE", help="file with the password of that key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connection_of(options)
        targets = [self._target(url, options, connection) for url in options["urls"]]
        results = [self._check(target) for target in targets]
        if options["json"]:
            self.stdout.write(json.dumps([as_contract(*result) for result in results], indent=2, ensure_ascii=False))
            return
        for observation, evaluation in results:
            self._print(observation, evaluation)

    def _target(self, url: str, options: dict[str, Any], connection: Connection) -> Target:
        try:
            base_url = parse_base_url(url, allow_loopback_http=settings.PROBE_ALLOW_LOOPBACK)
        except BaseUrlError as error:
            raise CommandError(f"{url!r}: {error}") from error
        oauth, mobile = options["oauth_plugin"], options["mobile_plugin"]
        plugins = PluginVersions()
        if oauth or mobile:
            plugins = PluginVersions(oauth=oauth, mobile=mobile, source="manual", as_of=timezone.now())
        return Target(
            base_url=str(base_url),
            product=options["product"],
            plugins=plugins,
            ca_bundle=connection.ca_bundle,
            through_proxy=connection.through_proxy,
            client_certificate=connection.client_certificate,
        )

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


def connection_of(options: dict[str, Any]) -> Connection:
    """Return what the options say. Raises CommandError with exit status 2, in one line without secrets."""
    if options["through_proxy"] and not settings.PROBE_PROXY:
        raise CommandError("--through-proxy: set PROBE_PROXY to the URL of the proxy.", returncode=UNUSABLE)
    password_file = options["client_certificate_password_file"]
    if password_file and not options["client_certificate"]:
        raise CommandError("--client-certificate-password-file needs --client-certificate.", returncode=UNUSABLE)
    return Connection(
        ca_bundle=_ca_bundle(options["ca_bundle"]) if options["ca_bundle"] else "",
        client_certificate=(
            _client_certificate(options["client_certificate"], password_file) if options["client_certificate"] else ""
        ),
        through_proxy=options["through_proxy"],
    )


def _ca_bundle(name: str) -> str:
    text = _read("--ca-bundle", name, MAX_BUNDLE).decode(errors="replace")
    try:
        check_ca_bundle(text)
    except (BundleError, NoAuthorityError) as error:
        raise CommandError(f"--ca-bundle {name}: {error}", returncode=UNUSABLE) from error
    return text


def _client_certificate(name: str, password_file: str | None) -> str:
    data, password = _read("--client-certificate", name, MAX_BYTES), ""
    if password_file:
        text = _read("--client-certificate-password-file", password_file, MAX_PASSWORD)
        password = text.decode(errors="replace").rstrip("\r\n")
    try:
        pem = read_client_certificate(data, password, now=timezone.now()).pem
        check_client_certificate(pem)
        return pem
    except ValueError as error:
        code = error.code if isinstance(error, ClientCertificateError) else ""
        hint = " Use --client-certificate-password-file." if code == "password-needed" else ""
        raise CommandError(f"--client-certificate {name}: {error}{hint}", returncode=UNUSABLE) from error


def _read(option: str, name: str, limit: int) -> bytes:
    """Return the content of a file, up to one byte more than the limit, so that the reader reports a larger one."""
    try:
        with Path(name).open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise CommandError(f"{option} {name}: {error.strerror or error}", returncode=UNUSABLE) from error


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
