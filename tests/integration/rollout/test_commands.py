"""The command line: the same services as the pages, and errors a person can act on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import zxingcpp
from django.core.management import CommandError, call_command
from PIL import Image

from rollout.models import ApplicationLink, AuditEvent, EnrollmentPass
from rollout.services.passes import find_pass
from rollout.simulator.fleet import PersonaFleet
from tests.support.paths import ROOT


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py where nothing is set up: no database, no key, no address."""
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
    with PersonaFleet(["ready-non-mdm", "too-old"]) as fleet:
        urls = [fleet.base_url("ready-non-mdm"), fleet.base_url("too-old")]
        versions = ("--oauth-plugin", "4.1.1", "--mobile-plugin", "19.1.47")
        done = run(
            "check_site", *urls, *versions, "--json", PROBE_ALLOW_LOOPBACK="1", DATABASE_URL="postgres://127.0.0.1:1/no"
        )

    assert done.returncode == 0, done.stderr
    ready, old = json.loads(done.stdout)
    assert [ready["url"], old["url"]] == urls
    assert ready["roads"]["mdm"]["verdict"] == "READY_MDM"
    assert ready["roads"]["non_mdm"]["verdict"] == "READY_NON_MDM"
    assert old["roads"]["mdm"]["verdict"] == "INCOMPATIBLE"
    for finding in ready["roads"]["mdm"]["findings"] + old["roads"]["non_mdm"]["findings"]:
        assert set(finding) == {"rule", "outcome", "evidence", "remedy"}
        assert set(finding["evidence"]) == {"summary", "asked", "answered", "at"}
    assert old["observation"]["manifest"]["version"] == "8.5.4"
    assert (ready["roads"]["mdm"]["first"], old["roads"]["mdm"]["first"]) == ([], ["CONFLUENCE-VERSION"])


def test_check_site_speaks_to_people_too():
    done = run("check_site", "https://wiki.invalid")

    assert done.returncode == 0
    assert "mdm: UNKNOWN" in done.stdout
    assert "→" in done.stdout


@pytest.mark.parametrize(
    "url", ["wiki", "http://127.0.0.1", "https://a@b.example", "file:///etc/passwd", "https://a.example/?q"]
)
def test_check_site_refuses_what_is_no_base_url(url):
    done = run("check_site", url)

    assert done.returncode == 1
    assert "CommandError" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_other_command_says_what_is_missing():
    done = run("export_configuration")

    assert done.returncode == 1
    assert "SECRET_KEY is missing" in done.stderr


@pytest.mark.django_db
def test_create_link_and_export_configuration(site, capsys):
    with pytest.raises(CommandError, match="WRITE"):
        call_command("create_link", site.base_url, "--client-id", "abc", "--permission", "ADMIN")
    with pytest.raises(CommandError, match="no such site"):
        call_command("create_link", "https://nobody.example.com", "--client-id", "abc")
    assert not ApplicationLink.objects.exists()

    call_command("create_link", site.base_url + "/", "--client-id", "abc")
    assert capsys.readouterr().out.strip() == "abc"

    call_command("export_configuration", site.base_url)
    assert json.loads(capsys.readouterr().out) == [{"title": site.title, "baseURL": site.base_url}]
    site.mdm_verdict = "READY_MDM"
    site.save()
    call_command("export_configuration", "--format", "plist-dict")
    assert "clientID" in capsys.readouterr().out
    assert AuditEvent.objects.filter(action="configuration.exported").count() == 2
    with pytest.raises(CommandError, match="no such site"):
        call_command("export_configuration", "https://nobody.example.com")


@pytest.mark.django_db
def test_export_of_nothing_is_an_error():
    with pytest.raises(CommandError, match="at least one site"):
        call_command("export_configuration")


@pytest.mark.django_db
def test_issue_pass(site, tmp_path, capsys):
    file = tmp_path / "pass.png"
    call_command("issue_pass", "Field team", site.base_url, "--uses", "0", "--qr", str(file))

    link = capsys.readouterr().out.strip()
    assert find_pass(link.rpartition("/")[2]).max_uses is None
    (read,) = zxingcpp.read_barcodes(Image.open(file))
    assert read.text.lower() == link.lower()


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [["--days", "0"], ["--days", "99999"], ["--uses", "-1"], ["--qr", "pass.gif"]])
def test_issue_pass_refuses(site, wrong):
    with pytest.raises(CommandError):
        call_command("issue_pass", "Field team", site.base_url, *wrong)

    assert not EnrollmentPass.objects.exists()
