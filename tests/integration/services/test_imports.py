"""Importing sites from CSV: a dry run, all or nothing, and the same file twice changes nothing."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from rollout.models import AuditEvent, CheckRun, Site
from rollout.services.audit_verification import verify_chain
from rollout.services.imports import import_sites

pytestmark = pytest.mark.django_db
FILE = """title,base_url,owners,people,oauth_plugin_version
Wiki,https://wiki.example.com/confluence,alice@example.com,1200,4.1.1
Handbook,https://handbook.example.com,ALICE@example.com bob@example.com,80,
"""


def test_it_works(administrator, alice, bob):
    report = import_sites(actor=administrator, data=FILE.encode(), dry_run=False)

    assert (report.created, report.changed, report.unchanged, report.errors) == (2, 0, 0, [])
    handbook = Site.objects.get(title="Handbook")
    assert set(handbook.owners.all()) == {alice, bob}
    assert CheckRun.objects.filter(trigger="added").count() == 2
    assert AuditEvent.objects.filter(action="site.created").count() == 2
    assert verify_chain().intact


def test_a_dry_run_writes_nothing(administrator, alice, bob):
    report = import_sites(actor=administrator, data=FILE.encode(), dry_run=True)

    assert report.created == 2
    assert not report.applied
    assert not Site.objects.exists()
    assert not AuditEvent.objects.exists()


def test_the_same_file_twice_changes_nothing(administrator, alice, bob):
    import_sites(actor=administrator, data=FILE.encode(), dry_run=False)
    events = AuditEvent.objects.exclude(action="sites.imported").count()

    report = import_sites(actor=administrator, data=FILE.encode(), dry_run=False)

    assert (report.created, report.changed, report.unchanged) == (0, 0, 2)
    assert AuditEvent.objects.exclude(action="sites.imported").count() == events


def test_a_missing_column_changes_nothing(administrator, site, alice, bob):
    Site.objects.filter(pk=site.pk).update(notes="keep me", people=7)

    report = import_sites(
        actor=administrator, data=b"title,base_url\nRenamed,https://wiki.example.com\n", dry_run=False
    )

    site.refresh_from_db()
    assert report.changed == 1
    assert (site.title, site.notes, site.people) == ("Renamed", "keep me", 7)
    assert site.owners.count() == 2


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("Wiki,http://wiki2.example.com,,1,", "base_url"),
        ("Wiki,https://wiki2.example.com?x,,1,", "base_url"),
        (",https://wiki2.example.com,,1,", "title"),
        ("Wiki,https://wiki2.example.com,unknown@example.com,1,", "owners"),
        ("Wiki,https://wiki2.example.com,,many,", "people"),
        ("Wiki,https://wiki2.example.com,,-1,", "people"),
        ("Wiki,https://wiki2.example.com,,1,newest", "oauth_plugin_version"),
        ("Wiki,https://wiki.example.com/confluence,,1,", "base_url"),
    ],
)
def test_nothing_is_written_if_there_is_one_error(administrator, alice, bob, line, column):
    report = import_sites(actor=administrator, data=(FILE + line + "\n").encode(), dry_run=False)

    assert [(error.row, error.column) for error in report.errors] == [(4, column)]
    assert report.errors[0].message
    assert not Site.objects.exists()


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\xff\xfe\x00", b"a,b\n1,2", b"title,base_url", b'title,base_url\n"', b"\n" * 9]
)
def test_an_invalid_file_is_reported(administrator, data):
    report = import_sites(actor=administrator, data=data, dry_run=False)

    assert not report.created
    assert not Site.objects.exists()


def test_the_number_of_statements_does_not_grow_with_the_file(administrator, django_assert_max_num_queries):
    rows = "".join(f"Site {n},https://wiki-{n}.example.com\n" for n in range(400))

    with django_assert_max_num_queries(30):
        report = import_sites(actor=administrator, data=f"title,base_url\n{rows}".encode(), dry_run=False)

    assert report.created == 400


def test_an_import_cannot_change_the_provider(administrator, site):
    data = b"title,base_url,provider\nWiki,https://wiki.example.com,gatepass\n"
    assert import_sites(actor=administrator, data=data, dry_run=False).errors[0].column == "provider"


def test_the_command(tmp_path, alice, bob, capsys):
    file = tmp_path / "sites.csv"
    file.write_text(FILE)
    call_command("import_sites", str(file), "--dry-run")
    assert "To create: 2, to change: 0" in capsys.readouterr().out

    call_command("import_sites", str(file))
    assert Site.objects.count() == 2

    file.write_text("title,base_url\nX,ftp://x\n")
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_sites", str(file))
    assert "Row 2, column base_url" in capsys.readouterr().err


def test_errors_are_in_the_language_of_the_reader(german, administrator):
    report = import_sites(actor=administrator, data=b"title,base_url\n,https://a.example.com\n", dry_run=False)

    assert [error.message for error in report.errors] == ["Der Titel ist leer."]
    assert not Site.objects.exists()
