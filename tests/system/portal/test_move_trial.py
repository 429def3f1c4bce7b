"""A trial moves to PostgreSQL with one command, and its people and phones go on there."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal.management.commands.up import lock
from tests.support.environment import RUN, SERVERS
from tests.support.installations import Served, connect, database, environment_of, manage, serving
from tests.support.paths import ROOT
from tests.support.template_database import migrated_database

MAKE = ROOT / "tests" / "cases" / "upgrades"
NAME = f"{RUN}_moved"


@dataclass(frozen=True)
class Trial:
    """A stopped trial with people, phones, passes and a check. ``note`` holds what they keep in clear."""

    note: dict[str, Any]
    environment: dict[str, str]

    def move(self, to: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "move_trial", "--to", to]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)


def run(environment: dict[str, str], program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="module")
def trial(test_servers_running: None, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    if not SERVERS.database_url.startswith("postgres"):
        pytest.skip("the target is a PostgreSQL database, and TEST_DATABASE_URL is another one")
    state = tmp_path_factory.mktemp("trial")
    for name in ("broker", "broker-control", "cache"):
        (state / name).mkdir()
    keys = {"SECRET_KEY": os.environ["SECRET_KEY"], "CREDENTIAL_KEYS": os.environ["CREDENTIAL_KEYS"]}
    note = {**keys, "PUBLIC_URL": "http://127.0.0.1:8000"}
    environment = environment_of(note, database_url=f"sqlite:///{state / 'gatepass.sqlite3'}", state=state)
    filled = run(environment, f"import sys; sys.path.insert(1, {str(MAKE)!r}); import make; make.fill()")
    run(environment, "import django; django.setup(); from rollout.tasks import run_check_worker; run_check_worker()")
    return Trial(json.loads(filled.splitlines()[-1]), environment)


@pytest.fixture
def target(trial: Trial) -> Iterator[str]:
    """A database as the migrate container of compose.yaml leaves it."""
    with migrated_database("moved") as url:
        yield url


def rows_in(environment: dict[str, str]) -> list[Any]:
    [text] = manage(environment, ["dumpdata", "--all"])
    return sorted(json.loads(text), key=lambda row: (row["model"], str(row["pk"]), json.dumps(row)))


def count(table: str) -> int:
    with closing(connect(NAME)) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[call-overload]
    assert row is not None
    return int(row[0])


@pytest.fixture
def bare_target(trial: Trial) -> Iterator[str]:
    with database(NAME) as url:
        yield url


def test_every_row_moves_and_access_goes_on(trial: Trial, bare_target: str, tmp_path: Path) -> None:
    (tmp_path / "database_url").write_text(f"{bare_target}\n")
    moved = trial.move(to=str(tmp_path / "database_url"))
    assert moved.returncode == 0, moved.stderr
    production = trial.environment | {"DATABASE_URL": bare_target, "STATE_DIR": str(tmp_path)}
    assert rows_in(production) == rows_in(trial.environment)
    assert f"portal_user {count('portal_user'):>43}" in moved.stdout
    assert "The audit log is intact" in moved.stdout
    with serving(production) as port:
        served = Served(trial.note, production, port)
        for name in ("new", "refreshed"):
            token = served.refreshed(name, trial.note["phones"][name]["refresh_token"])
            assert served.refreshed(name, token) != token
        assert served.refuses("revoked", trial.note["phones"]["revoked"]["refresh_token"])
        assert served.browser("charlie").get("/me/devices/")[0] == 200
        assert served.browser().get(f"/e/{trial.note['passes']['live']}?device=iphone")[0] == 200
        assert served.browser().get(f"/e/{trial.note['passes']['revoked']}?device=iphone")[0] == 410
        form = {"login": "charlie@example.com", "password": trial.note["password"]}  # new rows: the sequences are set
        assert served.browser().submit("/accounts/login/", **form)[0] == 302
    manage(production, ["verify_audit"])  # with the events of production


def test_it_says_which_keys_move(trial: Trial, target: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(trial.environment["SECRET_KEY"])
    kept = {name: value for name, value in trial.environment.items() if name != "SECRET_KEY"}
    with_file = Trial(trial.note, kept | {"SECRET_KEY_FILE": str(tmp_path / "key")})
    moved = with_file.move(target)
    assert f"SECRET_KEY: the content of {tmp_path / 'key'}" in moved.stdout
    assert "CREDENTIAL_KEYS: its value" in moved.stdout
    assert "AUDIT_KEYS: not set" in moved.stdout
    assert trial.note["SECRET_KEY"] not in moved.stdout + moved.stderr


def test_a_target_with_data_is_refused(trial: Trial, target: str) -> None:
    assert trial.move(target).returncode == 0
    people = count("portal_user")
    again = trial.move(target)
    assert again.returncode == 1
    assert "The target already holds data" in again.stderr
    assert count("portal_user") == people


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE rollout_site SET title = hex(zeroblob(2500))", "refuses a row of rollout_site: value too long"),
        ("UPDATE portal_signinlink SET user_id = 999", "refers to one that does not exist"),
        ("CREATE TABLE other (id integer)", "These tables belong to no model and would be lost: other"),
        ("DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)", "older than this version"),
    ],
)
def test_a_trial_that_cannot_move_leaves_the_target_empty(
    trial: Trial, target: str, tmp_path: Path, change: str, reason: str
) -> None:
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(trial.environment["DATABASE_URL"].removeprefix("sqlite:///"))) as source:
        source.execute("VACUUM INTO ?", [str(copy)])
    with closing(sqlite3.connect(copy, isolation_level=None)) as changed:
        changed.execute(change)
    moved = Trial(trial.note, trial.environment | {"DATABASE_URL": f"sqlite:///{copy}"}).move(target)
    assert moved.returncode == 1
    assert "Nothing was copied." in moved.stderr
    assert reason in moved.stderr
    assert "0000" not in moved.stderr  # the value of the row
    assert (count("portal_user"), count("rollout_auditevent")) == (0, 0)


@pytest.mark.parametrize("url", ["sqlite:////tmp/other.sqlite3", "mysql://127.0.0.1/x", "no-such-file"])
def test_another_kind_of_target_is_refused(trial: Trial, url: str) -> None:
    moved = trial.move(url)
    assert moved.returncode == 1
    assert "must be a PostgreSQL database" in moved.stderr or "cannot be read" in moved.stderr


def test_the_password_of_an_unreachable_target_is_not_shown(trial: Trial) -> None:
    moved = trial.move("postgres://gatepass:a-secret-password@127.0.0.1:1/gatepass")
    assert moved.returncode == 1
    assert "The target fails" in moved.stderr
    assert "a-secret-password" not in moved.stdout + moved.stderr


def test_a_running_trial_is_refused(trial: Trial, target: str) -> None:
    with lock(Path(trial.environment["STATE_DIR"], "up.lock")):
        moved = trial.move(target)
    assert moved.returncode == 1
    assert "already running" in moved.stderr


def test_production_is_not_a_trial(trial: Trial, target: str) -> None:
    moved = Trial(trial.note, trial.environment | {"DATABASE_URL": target}).move(target)
    assert "not the SQLite database of a trial" in moved.stderr
