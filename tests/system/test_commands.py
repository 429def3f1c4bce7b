"""Commands as processes, without a database, a key or an address."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from rollout.simulator.fleet import SimulatedFleet
from tests.support.paths import ROOT


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py without a database, a key or an address."""
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": "", **environment}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_check_site_needs_no_database_and_keeps_its_contract():
    with SimulatedFleet(["ready-non-mdm", "too-old"]) as fleet:
        urls = [fleet.base_url("ready-non-mdm"), fleet.base_url("too-old")]
        versions = ("--oauth-plugin", "4.1.1", "--mobile-plugin", "19.1.47")
        done = run(
            "check_site", *urls, *versions, "--json", PROBE_ALLOW_LOOPBACK="1", DATABASE_URL="postgres://127.0.0.1:1/no"
        )

    assert done.returncode == 0, done.stderr
    ready, old = json.loads(done.stdout)
    assert [ready["url"], old["url"]] == urls
    assert ready["setups"]["mdm"]["verdict"] == "READY_MDM"
    assert ready["setups"]["non_mdm"]["verdict"] == "READY_NON_MDM"
    assert old["setups"]["mdm"]["verdict"] == "INCOMPATIBLE"
    for finding in ready["setups"]["mdm"]["findings"] + old["setups"]["non_mdm"]["findings"]:
        assert set(finding) == {"rule", "outcome", "evidence", "remedy"}
        assert set(finding["evidence"]) == {"summary", "asked", "answered", "at"}
    assert old["observation"]["manifest"]["version"] == "8.5.4"
    assert (ready["setups"]["mdm"]["first"], old["setups"]["mdm"]["first"]) == ([], ["CONFLUENCE-VERSION"])


def test_check_site_prints_a_summary():
    done = run("check_site", "https://wiki.invalid")

    assert done.returncode == 0
    assert "  MDM setup: Unknown\n" in done.stdout
    assert "  Non-MDM setup: Unknown\n" in done.stdout
    assert "→" in done.stdout


@pytest.mark.parametrize(
    "url", ["wiki", "http://127.0.0.1", "https://a@b.example", "file:///etc/passwd", "https://a.example/?q"]
)
def test_check_site_rejects_an_invalid_base_url(url):
    done = run("check_site", url)

    assert done.returncode == 1
    assert "CommandError" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_site_reports_a_bad_file_in_one_line_before_it_sends_anything():
    done = run("check_site", "https://wiki.invalid", "--client-certificate", "manage.py", "--json")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip() == (
        "CommandError: --client-certificate manage.py: The file is neither PEM nor PKCS #12. "
        "Export the certificate with its private key again."
    )


def test_every_other_command_reports_the_missing_setting():
    done = run("export_configuration")

    assert done.returncode == 1
    assert "SECRET_KEY (or SECRET_KEY_FILE) is missing" in done.stderr
