"""The code of the previous release works on the schema of this one, as in a rolling update or after a way back."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.support.environment import SERVERS
from tests.support.installations import Served, connect, database, environment_of, load, manage, serving
from tests.support.paths import ROOT

CASES = ROOT / "tests" / "cases" / "upgrades"
PREVIOUS = json.loads((CASES / "previous.json").read_text())["commit"]


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The previous release, unpacked."""
    archive = subprocess.run(["git", "archive", PREVIOUS], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(
            f"this checkout has no history with the previous release, {PREVIOUS} (in a shallow clone: git fetch "
            "--unshallow); tests/unit/test_migrations.py still checks the new migrations one by one"
        )
    folder = tmp_path_factory.mktemp("previous")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def previous(code: Path, test_servers_running: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The previous release, serving a database that this one has migrated."""
    if not SERVERS.database_url.startswith("postgres"):
        pytest.skip("two releases share a database on PostgreSQL only, and TEST_DATABASE_URL is another database")
    note = json.loads((CASES / "2c5bef2.json").read_text())
    with database() as url:
        environment = environment_of(note, database_url=url, state=tmp_path_factory.mktemp("state"))
        load(gzip.decompress((CASES / "2c5bef2.sql.gz").read_bytes()).decode(), note)
        manage(environment, ["migrate", "--verbosity", "0"])
        with serving(environment, code=code) as port:
            yield Served(note, environment, port)


def run(code: Path, environment: dict[str, str], *arguments: str) -> str:
    """Run Python with the previous release's code and return what it printed."""
    environment = environment | {"PYTHONPATH": str(code)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=code, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_people_sign_in(previous: Served) -> None:
    browser = previous.browser()
    form = {"login": "charlie@example.com", "password": previous.note["password"]}
    assert browser.submit("/accounts/login/", **form)[0] == 302
    assert browser.get("/me/devices/")[0] == 200


def test_phones_refresh(previous: Served) -> None:
    token = previous.refreshed("new", previous.note["phones"]["new"]["refresh_token"])
    assert previous.refreshed("new", token) != token


def test_a_site_is_checked(previous: Served, code: Path) -> None:
    browser = previous.browser("administrator")
    _status, page = browser.get("/sites/1/")
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    assert browser.send("POST", "/sites/1/check/", {"csrfmiddlewaretoken": unescape(found[1])})[0] == 302
    worker = "import django; django.setup(); from rollout.tasks import run_check_worker; run_check_worker()"
    run(code, previous.environment, "-c", worker)
    with connect() as connection:
        states = connection.execute("SELECT DISTINCT state FROM rollout_checkrun").fetchall()
    assert states == [("done",)]


def test_each_model_is_written(previous: Served, code: Path) -> None:
    script = str(ROOT / "tests" / "support" / "previous_code.py")
    written = json.loads(run(code, previous.environment, script))
    assert {"portal.User", "rollout.Site", "rollout.AuditEvent", "oauth2_provider.RefreshToken"} <= set(written)


def test_this_release_verifies_what_the_previous_one_recorded(previous: Served, code: Path) -> None:
    previous.browser("administrator").get("/activity/export.csv")  # an event
    manage(previous.environment, ["verify_audit"])
