"""The command line: the same services as the pages, and errors a person can act on."""

from __future__ import annotations

import json

import pytest
import zxingcpp
from django.core.management import CommandError, call_command
from PIL import Image

from rollout.models import ApplicationLink, AuditEvent, EnrollmentPass
from rollout.services.passes import find_pass


@pytest.mark.django_db
def test_create_link_and_export_configuration(site, capsys):
    with pytest.raises(CommandError, match="WRITE"):
        call_command("create_link", site.base_url, "--client-id", "abc", "--permission", "ADMIN")
    with pytest.raises(CommandError, match="no such site"):
        call_command("create_link", "https://unknown.example.com", "--client-id", "abc")
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
        call_command("export_configuration", "https://unknown.example.com")


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
