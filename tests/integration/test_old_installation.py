"""The database of an earlier release migrates, nothing in it is lost, and its phones and people stay signed in.

The cases are in ``tests/cases/installation``; the README there says which release made each one, and how.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings

from rollout.compatibility.observation import Observation
from tests.support.environment import RUN, SERVERS

CASES = Path(__file__).resolve().parents[1] / "cases" / "installation"
ROOT = CASES.parents[2]
# Columns that end by the clock. They are moved forward by the age of the case, as if it had just been made.
CLOCK = {
    "oauth2_provider_accesstoken": ("expires",),
    "oauth2_provider_refreshtoken": ("created", "updated"),
    "rollout_enrollmentpass": ("expires_at",),
    "django_session": ("expire_date",),
}
# The times inside a browser's session are signed and stay as they are.
NO_LIMITS = {"SESSION_IDLE_MINUTES": "100000000", "SESSION_MAX_HOURS": "1000000"}
Rows = dict[str, dict[Any, dict[str, Any]]]


@dataclass
class Browser:
    """Sends requests to the portal and keeps cookies; follows no redirect."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
        """Return the status and the body; of a redirect, where it leads to."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
            if form is not None:
                sent["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, None if form is None else urlencode(form), sent)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return response.status, response.headers.get("Location") or response.read().decode()

    def get(self, path: str) -> tuple[int, str]:
        return self.send("GET", path)

    def submit(self, path: str, **form: str) -> tuple[int, str]:
        """Open the page and send its form."""
        _status, page = self.get(path)
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found, page
        return self.send("POST", path, {"csrfmiddlewaretoken": unescape(found[1]), **form})


@dataclass(frozen=True)
class Installation:
    """A case, loaded, migrated and served. ``note`` holds what the case needs in clear; rows are by primary key."""

    note: dict[str, Any]
    environment: dict[str, str]
    port: int
    before: Rows
    after: Rows

    def browser(self, person: str = "") -> Browser:
        """A browser; of a person, the one that was signed in when the case was made."""
        return Browser(self.port, {"gatepass_session": self.note["sessions"][person]} if person else {})

    def refresh(self, phone: str, refresh_token: str) -> tuple[int, dict[str, Any]]:
        held = self.note["phones"][phone]
        form = {"grant_type": "refresh_token", "client_id": held["client_id"], "refresh_token": refresh_token}
        status, body = self.browser().send("POST", f"{held['base']}/token", form)
        return status, json.loads(body)

    def refuses(self, phone: str, refresh_token: str) -> bool:
        status, body = self.refresh(phone, refresh_token)
        return (status, body["error"]) == (400, "invalid_grant")


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
    state = tmp_path_factory.mktemp("state")
    with database() as name:
        environment = os.environ | NO_LIMITS | {"STATE_DIR": str(state), "LOG_LEVEL": "ERROR"}
        environment |= {"DATABASE_URL": f"{SERVERS.database_url.rpartition('/')[0]}/{name}"}
        environment |= {"REDIS_URL": "", "CELERY_BROKER_URL": "filesystem://localhost"}
        environment |= {key: note[key] for key in ("SECRET_KEY", "CREDENTIAL_KEYS", "PUBLIC_URL")}
        with connect(name) as connection:
            connection.execute((CASES / f"{request.param}.sql").read_text())  # type: ignore[call-overload]
        with connect(name) as connection:  # without the dump's settings
            set_clock(connection, datetime.now(UTC) - datetime.fromisoformat(note["made_at"]))
            before = rows_of(connection)
            manage(environment, ["migrate", "--verbosity", "0"])
            after = rows_of(connection)
        with serving(environment) as port:
            yield Installation(note, environment, port, before, after)


@contextmanager
def database() -> Iterator[str]:
    """The name of an empty database that exists for as long as the block runs."""
    name = f"{RUN}_old"
    with connect("postgres") as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[call-overload]
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        try:
            yield name
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


def connect(name: str) -> psycopg.Connection:
    """Connect as Django does, to a database of this name."""
    used = settings.DATABASES["default"]
    parameters = {"host": used["HOST"], "port": used["PORT"], "user": used["USER"], "password": used["PASSWORD"]}
    return psycopg.connect(dbname=name, autocommit=True, **{key: value for key, value in parameters.items() if value})


def set_clock(connection: psycopg.Connection, age: Any) -> None:
    for table, columns in CLOCK.items():
        later = ", ".join(f"{column} = {column} + %(age)s" for column in columns)
        connection.execute(f"UPDATE {table} SET {later}", {"age": age})  # type: ignore[call-overload]


def rows_of(connection: psycopg.Connection) -> Rows:
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    rows = {
        name: connection.execute(f'SELECT row_to_json(t) FROM "{name}" t').fetchall()  # type: ignore[call-overload]
        for (name,) in tables
    }
    return {name: {next(iter(row.values())): row for (row,) in found} for name, found in rows.items()}


COMMANDS = """
import io, json, sys
import django
from django.core.management import call_command
django.setup()
for command in json.loads(sys.argv[1]):
    output = io.StringIO()
    call_command(*command, stdout=output)
    print(json.dumps(output.getvalue()))
"""
SERVER = """
from wsgiref.simple_server import make_server
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
from portal.wsgi import application
with make_server("127.0.0.1", 0, application) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
"""


def manage(environment: dict[str, str], *commands: list[str]) -> list[str]:
    """Run commands of ``manage.py``, one after the other in one process, and return what each wrote."""
    arguments = [sys.executable, "-c", COMMANDS, json.dumps(commands)]
    process = subprocess.run(arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in process.stdout.splitlines()]


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[int]:
    """The portal, at a port that the system chose."""
    log = Path(environment["STATE_DIR"]) / "web.log"
    with log.open("w") as errors:
        arguments = [sys.executable, "-c", SERVER]
        process = subprocess.Popen(
            arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, log.read_text()
        yield int(line)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


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
