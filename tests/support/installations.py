"""Databases of earlier releases: loaded, migrated by today's code, and served."""

from __future__ import annotations

import http.client
import json
import os
import re
import sqlite3
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
from django.conf import settings

from .environment import RUN, SERVERS
from .paths import ROOT

# Columns that end by the clock. They are moved forward by the age of the case, as if it had just been made.
CLOCK = {
    "oauth2_provider_accesstoken": ("expires",),
    "oauth2_provider_refreshtoken": ("created", "updated"),
    "rollout_enrollmentpass": ("expires_at",),
    "django_session": ("expire_date",),
}
# The times inside a browser's session are signed and stay as they are.
NO_LIMITS = {"SESSION_IDLE_MINUTES": "100000000", "SESSION_MAX_HOURS": "1000000"}


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
class Served:
    """A served case. ``note`` holds what it needs in clear: tokens by phone, session cookies by person, passes."""

    note: dict[str, Any]
    environment: dict[str, str]
    port: int

    def browser(self, person: str = "") -> Browser:
        """A browser; of a person, the one that was signed in when the case was made."""
        return Browser(self.port, {"gatepass_session": self.note["sessions"][person]} if person else {})

    def refresh(self, phone: str, refresh_token: str) -> tuple[int, dict[str, Any]]:
        held = self.note["phones"][phone]
        form = {"grant_type": "refresh_token", "client_id": held["client_id"], "refresh_token": refresh_token}
        status, body = self.browser().send("POST", f"{held['base']}/token", form)
        return status, json.loads(body)

    def refreshed(self, phone: str, refresh_token: str) -> str:
        """Refresh and return the new refresh token."""
        status, body = self.refresh(phone, refresh_token)
        assert status == 200, body
        return str(body["refresh_token"])

    def refuses(self, phone: str, refresh_token: str) -> bool:
        status, body = self.refresh(phone, refresh_token)
        return (status, body["error"]) == (400, "invalid_grant")


def environment_of(note: dict[str, Any], *, database_url: str, state: Path) -> dict[str, str]:
    """Return the environment of processes that use the case."""
    environment = os.environ | NO_LIMITS | {"STATE_DIR": str(state), "LOG_LEVEL": "ERROR"}
    environment |= {"DATABASE_URL": database_url, "REDIS_URL": "", "CELERY_BROKER_URL": "filesystem://localhost"}
    return environment | {key: note[key] for key in ("SECRET_KEY", "CREDENTIAL_KEYS", "PUBLIC_URL")}


@contextmanager
def database(name: str = f"{RUN}_old") -> Iterator[str]:
    """The URL of an empty PostgreSQL database that exists for as long as the block runs."""
    with connect("postgres") as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[call-overload]
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        try:
            yield f"{SERVERS.database_url.rpartition('/')[0]}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


def connect(name: str = f"{RUN}_old") -> psycopg.Connection:
    """Connect as Django does, to a database of this name."""
    used = settings.DATABASES["default"]
    parameters = {"host": used["HOST"], "port": used["PORT"], "user": used["USER"], "password": used["PASSWORD"]}
    return psycopg.connect(dbname=name, autocommit=True, **{key: value for key, value in parameters.items() if value})


def load(sql: str, note: dict[str, Any]) -> None:
    """Load a dump into the database and move its times forward."""
    with connect() as connection:
        connection.execute(sql)  # type: ignore[call-overload]
    age = datetime.now(UTC) - datetime.fromisoformat(note["made_at"])
    with connect() as connection:  # without the dump's settings
        for table, columns in CLOCK.items():
            later = ", ".join(f"{column} = {column} + %(age)s" for column in columns)
            connection.execute(f"UPDATE {table} SET {later}", {"age": age})  # type: ignore[call-overload]


def load_trial(sql: str, note: dict[str, Any], file: Path) -> str:
    """Load a dump of SQLite into a new file, move its times forward and return the URL of the database."""
    age = (datetime.now(UTC) - datetime.fromisoformat(note["made_at"])).total_seconds()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.executescript(sql)
        for table, columns in CLOCK.items():
            later = ", ".join(f"{column} = strftime('%Y-%m-%d %H:%M:%f', {column}, :age)" for column in columns)
            connection.execute(f"UPDATE {table} SET {later}", {"age": f"+{age} seconds"})
    return f"sqlite:///{file}"


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


def manage(environment: dict[str, str], *commands: list[str], code: Path = ROOT) -> list[str]:
    """Run commands of ``manage.py``, one after the other in one process, and return what each wrote."""
    arguments = [sys.executable, "-c", COMMANDS, json.dumps(commands)]
    process = subprocess.run(arguments, cwd=code, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in process.stdout.splitlines()]


@contextmanager
def serving(environment: dict[str, str], *, code: Path = ROOT) -> Iterator[int]:
    """The portal, at a port that the system chose."""
    log = Path(environment["STATE_DIR"]) / "web.log"
    with log.open("w") as errors:
        arguments = [sys.executable, "-c", SERVER]
        process = subprocess.Popen(
            arguments, cwd=code, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
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
