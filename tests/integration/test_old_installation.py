"""The database of an earlier release migrates, nothing in it is lost, and its phones and people stay signed in.

The cases are in ``tests/cases/installation``; the README there says which release made each one, and how.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import psycopg
import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from rollout.compatibility.observation import Observation
from tests.support.environment import SERVERS
from tests.support.installations import Served, connect, database, environment_of, load, manage, serving
from tests.support.paths import ROOT

CASES = ROOT / "tests" / "cases" / "installation"
Rows = dict[str, dict[Any, dict[str, Any]]]


@dataclass(frozen=True)
class Installation(Served):
    """A case with its rows before and after the migration, by primary key."""

    before: Rows
    after: Rows


RENAMED_COLUMNS = {
    "rollout_checkrun": {"judged_at": "evaluated_at", "judged_findings": "evaluated_findings"},
    "rollout_sitecredential": {"asked_at": "last_used_at"},
    "rollout_sweep": {"moved_at": "last_finished_at"},
}


@pytest.fixture(scope="module", params=sorted(path.stem for path in CASES.glob("*.sql")))
def installation(
    request: pytest.FixtureRequest, test_servers_running: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    if not SERVERS.database_url.startswith("postgres"):
        pytest.skip("this run was told to use SQLite: TEST_DATABASE_URL")
    note = json.loads((CASES / f"{request.param}.json").read_text())
    with database() as url:
        environment = environment_of(note, database_url=url, state=tmp_path_factory.mktemp("state"))
        load((CASES / f"{request.param}.sql").read_text(), note)
        with connect() as connection:
            before = rows_of(connection)
            manage(environment, ["migrate", "--verbosity", "0"])
            after = rows_of(connection)
        with serving(environment) as port:
            yield Installation(note, environment, port, before, after)


def rows_of(connection: psycopg.Connection) -> Rows:
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    rows = {
        name: connection.execute(f'SELECT row_to_json(t) FROM "{name}" t').fetchall()  # type: ignore[call-overload]
        for (name,) in tables
    }
    return {name: {next(iter(row.values())): row for (row,) in found} for name, found in rows.items()}


# --- Nothing is lost ---------------------------------------------------------------------------------------------


def test_the_case_is_whole(installation: Installation) -> None:
    assert {name: len(rows) for name, rows in installation.before.items()} == installation.note["tables"]


def test_no_row_is_lost_or_changed(installation: Installation) -> None:
    """Only the head of the audit log moves: after the older, unsigned events comes one that says so."""
    events = installation.after["rollout_auditevent"].values()
    older, seam = len(installation.before["rollout_auditevent"]), max(events, key=lambda row: row["number"])
    assert (seam["number"], seam["action"]) == (older + 1, "activity.signed")
    for table, rows in installation.before.items():
        if table == "rollout_audithead":
            continue
        renamed = RENAMED_COLUMNS.get(table, {})
        for key, row in rows.items():
            before = {renamed.get(column, column): value for column, value in row.items()}
            assert installation.after[table][key] | before == installation.after[table][key], table


def test_every_stored_observation_is_read_and_written_back_as_it_is(installation: Installation) -> None:
    stored = [row["observation"] for row in installation.before["rollout_checkrun"].values() if row["observation"]]
    assert len(stored) > 50
    for observation in stored:
        assert Observation.from_json(observation).to_json() == observation


def test_the_database_is_up_to_date_and_the_commands_work(installation: Installation) -> None:
    sites = [row for row in installation.after["rollout_site"].values() if row["archived_at"] is None]
    *_outputs, reevaluated, _audit, _rotated = manage(
        installation.environment,
        ["migrate", "--check"],  # ends with status 1 when a migration is left
        ["verify_audit"],  # ends with status 1 when the chain is broken
        ["reevaluate", "--all", "--json"],
        ["verify_audit"],  # with the events after those of the case
        ["rotate_credentials"],  # ends with status 1 when a sealed secret cannot be opened
    )
    counts = json.loads(reevaluated)
    assert (counts["evaluated"], counts["sites"], counts["changed"], counts["unreadable"]) == (
        len(sites),
        len(sites),
        0,
        0,
    )


# --- Phones ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["new", "without_mdm", "refreshed"])
def test_a_phone_refreshes_and_goes_on(installation: Installation, name: str) -> None:
    kept = installation.note["phones"][name]["refresh_token"]
    status, first = installation.refresh(name, kept)
    assert status == 200, first
    status, second = installation.refresh(name, first["refresh_token"])
    assert status == 200, second
    # The successor of the kept token was used: sending the kept one again is reuse, which ends the sign-in.
    assert installation.refuses(name, kept)
    assert installation.refuses(name, second["refresh_token"])


def test_a_token_that_was_replaced_before_ends_the_sign_in(installation: Installation) -> None:
    held = installation.note["phones"]["replaced"]
    assert installation.refuses("replaced", held["replaced"])
    assert installation.refuses("replaced", held["refresh_token"])


@pytest.mark.parametrize("name", ["revoked", "signed_out", "deactivated"])
def test_a_phone_that_was_signed_out_stays_signed_out(installation: Installation, name: str) -> None:
    assert installation.refuses(name, installation.note["phones"][name]["refresh_token"])


@pytest.mark.parametrize(("name", "is_active"), [("introspected", True), ("deactivated", False)])
def test_a_gateway_introspects_access_tokens(installation: Installation, name: str, is_active: bool) -> None:
    held = installation.note["phones"][name]
    form, credential = {"token": held["access_token"]}, installation.note["gateway_authorization"]
    path = f"{held['base']}/introspect"
    status, body = installation.browser().send("POST", path, form, Authorization=credential)
    assert (status, json.loads(body)["active"]) == (200, is_active)


# --- People ------------------------------------------------------------------------------------------------------


def test_browsers_stay_signed_in(installation: Installation) -> None:
    for person in installation.note["sessions"]:
        assert installation.browser(person).get("/")[0] == 200
    status, location = installation.browser().get("/")
    assert (status, location.partition("?")[0]) == (302, "/accounts/login/")


def test_a_password_and_an_authenticator_app_sign_in(installation: Installation) -> None:
    browser = installation.browser()
    credentials = {"login": "alice@example.com", "password": installation.note["password"]}
    status, location = browser.submit("/accounts/login/", **credentials)
    assert (status, location.partition("?")[0]) == (302, "/accounts/2fa/authenticate/")
    counter = next(yield_hotp_counters_from_time())
    code = format_hotp_value(hotp_value(installation.note["totp_secret"], counter))
    assert browser.submit(location, code=code) == (302, "/")
    assert browser.get("/")[0] == 200


def test_pages_show_what_is_stored(installation: Installation) -> None:
    browser = installation.browser("administrator")
    for path, text in installation.note["pages"].items():
        status, page = browser.get(path)
        assert (status, text in unescape(page)) == (200, True), path


@pytest.mark.parametrize(
    ("name", "status"),
    [("live", 200), ("renewed", 200), ("used", 410), ("wave", 410), ("revoked", 410), ("replaced", 404)],
)
def test_passes_open_what_they_opened(installation: Installation, name: str, status: int) -> None:
    found, page = installation.browser().get(f"/e/{installation.note['passes'][name]}?device=iphone")
    assert (found, "Pilot Wiki" in page) == (status, status == 200)
