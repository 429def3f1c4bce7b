"""Phones, browsers and passes of earlier commits go on after an upgrade.

The cases are in ``tests/cases/upgrades``: small databases, each written by the code of the commit in its name.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.environment import SERVERS
from tests.support.installations import Served, database, environment_of, load, load_trial, manage, serving
from tests.support.paths import ROOT

CASES = ROOT / "tests" / "cases" / "upgrades"
NAMES = ("270c168", "c207e2f", "2c5bef2", "270c168-sqlite")


@pytest.fixture(scope="module", params=NAMES)
def upgraded(
    request: pytest.FixtureRequest, test_servers_running: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    note = json.loads((CASES / f"{request.param}.json").read_text())
    sql = gzip.decompress((CASES / f"{request.param}.sql.gz").read_bytes()).decode()
    state = tmp_path_factory.mktemp("state")
    if request.param.endswith("-sqlite"):
        with migrated(note, load_trial(sql, note, state / "trial.sqlite3"), state) as served:
            yield served
        return
    if not SERVERS.database_url.startswith("postgres"):
        pytest.skip("the case is a dump of PostgreSQL, and TEST_DATABASE_URL is another database")
    with database() as url:
        load(sql, note)
        with migrated(note, url, state) as served:
            yield served


@contextmanager
def migrated(note: dict[str, Any], url: str, state: Path) -> Iterator[Served]:
    """The case, migrated and served."""
    environment = environment_of(note, database_url=url, state=state)
    manage(environment, ["migrate", "--verbosity", "0"])
    with serving(environment) as port:
        yield Served(note, environment, port)


def test_the_audit_trail_verifies(upgraded: Served) -> None:
    manage(
        upgraded.environment, ["migrate", "--check"], ["verify_audit"]
    )  # status 1 if a migration or event is missing


@pytest.mark.parametrize("name", ["new", "refreshed"])
def test_a_phone_refreshes_again_and_again(upgraded: Served, name: str) -> None:
    token = upgraded.note["phones"][name]["refresh_token"]
    for _ in range(3):
        replaced, token = token, upgraded.refreshed(name, token)
        assert upgraded.refreshed(name, replaced) == token  # a retry: the response was lost on the way


def test_a_stolen_token_ends_the_sign_in(upgraded: Served) -> None:
    """The phone has used its successor's successor when the token that it had before the upgrade is used again."""
    kept = upgraded.note["phones"]["stolen"]["refresh_token"]
    current = upgraded.refreshed("stolen", upgraded.refreshed("stolen", kept))
    assert upgraded.refuses("stolen", kept)
    assert upgraded.refuses("stolen", current)


def test_a_token_replaced_before_the_upgrade_ends_the_sign_in(upgraded: Served) -> None:
    held = upgraded.note["phones"]["replaced"]
    current = upgraded.refreshed("replaced", held["refresh_token"])
    assert upgraded.refuses("replaced", held["replaced"])
    assert upgraded.refuses("replaced", current)


def test_a_phone_that_was_signed_out_stays_signed_out(upgraded: Served) -> None:
    assert upgraded.refuses("revoked", upgraded.note["phones"]["revoked"]["refresh_token"])


def test_another_client_cannot_use_a_token(upgraded: Served) -> None:
    held = upgraded.note["phones"]["new"]
    form = {"grant_type": "refresh_token", "client_id": "unknown", "refresh_token": held["refresh_token"]}
    assert upgraded.browser().send("POST", f"{held['base']}/token", form)[0] == 401


def test_a_phone_signs_itself_out(upgraded: Served) -> None:
    held = upgraded.note["phones"]["leaving"]
    form = {"client_id": held["client_id"], "token": held["refresh_token"]}
    assert upgraded.browser().send("POST", f"{held['base']}/revoke", form)[0] == 200
    assert upgraded.refuses("leaving", held["refresh_token"])


@pytest.mark.parametrize("person", ["administrator", "charlie"])
def test_browsers_stay_signed_in(upgraded: Served, person: str) -> None:
    assert upgraded.browser(person).get("/me/devices/")[0] == 200


def test_a_phone_is_listed_with_its_app_after_a_refresh(upgraded: Served) -> None:
    """Also if the earlier code stored no device."""
    held = upgraded.note["phones"]["listed"]
    form = {"grant_type": "refresh_token", "client_id": held["client_id"], "refresh_token": held["refresh_token"]}
    app = {"User-Agent": "Confluence/7.7 (iPhone; iOS 18.1)"}
    assert upgraded.browser().send("POST", f"{held['base']}/token", form, **app)[0] == 200
    assert "Confluence 7.7" in upgraded.browser("charlie").get("/me/devices/")[1]


@pytest.mark.parametrize(("name", "status"), [("live", 200), ("revoked", 410)])
def test_passes_open_what_they_opened(upgraded: Served, name: str, status: int) -> None:
    found, page = upgraded.browser().get(f"/e/{upgraded.note['passes'][name]}?device=iphone")
    assert (found, "Handbook" in page) == (status, status == 200)
