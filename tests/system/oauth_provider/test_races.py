"""Eight requests at once for one code or one token, against several web processes, on PostgreSQL and on SQLite."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from portal.serving.web_command import web_command
from tests.support import servers
from tests.support.environment import SERVERS
from tests.support.race_portal import VERIFIER
from tests.support.template_database import migrated_database

AT_ONCE, TRIALS = 8, 200
Answer = tuple[int, dict[str, Any]]


@dataclass
class Portal:
    """Several web processes on one database; ``rest`` are the codes and tokens no trial has used yet."""

    port: int
    client_id: str
    codes: list[str]
    refresh_tokens: list[str]

    def post(self, endpoint: str, **parameters: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = urlencode({"client_id": self.client_id, **parameters})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        with contextlib.closing(connection):
            connection.request("POST", f"/rest/oauth2/latest/{endpoint}", body, headers)
            response = connection.getresponse()
            content = response.read()
        return response.status, json.loads(content) if content else {}

    def redeem(self, code: str) -> Answer:
        return self.post("token", grant_type="authorization_code", code=code, code_verifier=VERIFIER)

    def refresh(self, token: str) -> Answer:
        return self.post("token", grant_type="refresh_token", refresh_token=token)

    def revoke(self, token: str) -> Answer:
        return self.post("revoke", token=token)


@pytest.fixture(scope="module")
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield threads


@pytest.fixture(scope="module")
def at_once(crowd: ThreadPoolExecutor) -> Callable[[list[Callable[[], Answer]]], list[Answer]]:
    """Do all of it in the same moment and return what came back."""

    def do(deeds: list[Callable[[], Answer]]) -> list[Answer]:
        start = threading.Barrier(len(deeds))

        def deed(one: Callable[[], Answer]) -> Answer:
            start.wait(10)
            return one()

        return list(crowd.map(deed, deeds))

    return do


@pytest.fixture(scope="module")
def database_url(request: pytest.FixtureRequest, test_servers_running: None, tmp_path_factory: Any) -> Iterator[str]:
    """A database of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('race') / 'race.sqlite3'}"
        return
    if not SERVERS.database_url.startswith("postgres"):
        pytest.skip("this run was told to use SQLite: TEST_DATABASE_URL")
    with migrated_database("race") as url:
        yield url


@pytest.fixture(scope="module")
def portal(database_url: str, tmp_path_factory: Any) -> Iterator[Portal]:
    yield from _run(database_url, tmp_path_factory.mktemp("state"), REFRESH_RETRY_SECONDS="10")


@pytest.fixture(scope="module")
def strict_portal(database_url: str, tmp_path_factory: Any) -> Iterator[Portal]:
    """One that takes no retries."""
    yield from _run(database_url, tmp_path_factory.mktemp("state"), REFRESH_RETRY_SECONDS="0")


def _run(database_url: str, state: Path, **settings: str) -> Iterator[Portal]:
    port = servers.free_port()
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "STATE_DIR": str(state),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "ERROR",
        **settings,
    }
    seeded = subprocess.run(
        [sys.executable, "-m", "tests.support.race_portal", str(TRIALS)],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    held = json.loads(seeded.stdout)
    command = web_command(host="127.0.0.1", port=port, processes=2, threads=4)
    process = subprocess.Popen([sys.executable, "-m", *command], env=environment)
    try:
        _wait_for(port, process)
        yield Portal(port, held["client_id"], held["codes"], held["refresh_tokens"])
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        except OSError:
            assert process.poll() is None, "the portal ended"
            time.sleep(0.1)
    raise AssertionError("the portal did not start")


BOTH = pytest.mark.parametrize("database_url", ["postgresql", "sqlite"], indirect=True, scope="module")
AtOnce = Callable[[list[Callable[[], Answer]]], list[Answer]]


@BOTH
@pytest.mark.rfc("6749", "4.1.2")
@pytest.mark.rfc("6749", "10.5")
def test_a_code_has_one_winner(portal: Portal, at_once: AtOnce) -> None:
    for code in portal.codes:
        answers = at_once([lambda code=code: portal.redeem(code)] * AT_ONCE)  # type: ignore[misc]
        assert Counter(status for status, _ in answers) == {200: 1, 400: AT_ONCE - 1}
        assert {body["error"] for status, body in answers if status == 400} == {"invalid_grant"}
        ((_, won),) = [answer for answer in answers if answer[0] == 200]
        # Whoever lost replayed a code: what it gave has ended.
        assert portal.refresh(won["refresh_token"])[0] == 400


@BOTH
@pytest.mark.rfc("9700", "4.14.2")
def test_a_double_fired_refresh_gets_one_pair_and_never_a_fork(portal: Portal, at_once: AtOnce) -> None:
    for token in portal.refresh_tokens[: TRIALS // 2]:
        answers = at_once([lambda token=token: portal.refresh(token)] * AT_ONCE)  # type: ignore[misc]
        assert {status for status, _ in answers} == {200}
        assert len({body["refresh_token"] for _, body in answers}) == 1
        assert len({body["access_token"] for _, body in answers}) == 1
        status, following = portal.refresh(answers[0][1]["refresh_token"])
        assert status == 200
        assert portal.refresh(token)[0] == 400  # its successor was used: no retry any more, but a reuse
        assert portal.refresh(following["refresh_token"])[0] == 400


@BOTH
@pytest.mark.rfc("7009", "2.1")
def test_no_token_outlives_a_revoke_that_raced_its_refresh(portal: Portal, at_once: AtOnce) -> None:
    for token in portal.refresh_tokens[TRIALS // 2 :]:
        deeds: list[Callable[[], Answer]] = [lambda token=token: portal.refresh(token)] * (AT_ONCE // 2)  # type: ignore[misc]
        deeds += [lambda token=token: portal.revoke(token)] * (AT_ONCE // 2)  # type: ignore[misc]
        answers = at_once(deeds)
        assert {status for status, _ in answers} <= {200, 400}
        for given in {token, *(body["refresh_token"] for _, body in answers if "refresh_token" in body)}:
            assert portal.refresh(given)[0] == 400


@BOTH
@pytest.mark.rfc("9700", "4.14.2")
def test_without_retries_a_refresh_has_one_winner(strict_portal: Portal, at_once: AtOnce) -> None:
    for token in strict_portal.refresh_tokens[: TRIALS // 4]:
        answers = at_once([lambda token=token: strict_portal.refresh(token)] * AT_ONCE)  # type: ignore[misc]
        assert Counter(status for status, _ in answers) == {200: 1, 400: AT_ONCE - 1}
