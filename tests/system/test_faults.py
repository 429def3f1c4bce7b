"""A sweep during failures: a worker is killed, Redis restarts empty, PostgreSQL restarts.

Real processes on servers of its own: two workers, the beat, the web and a server that is every site. In the end every
site is evaluated, none is lost, and none is evaluated twice for one due time; the web stays up and names what is down.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.processes import MassServer
from portal.serving.web_command import web_command
from tests.support import servers
from tests.support.paths import ROOT
from tests.support.private_servers import PrivatePostgres, PrivateRedis

SITES = 240
DELAY = 0.15
WORKER = ["celery", "-A", "portal", "worker", "--concurrency", "1", "--without-gossip", "--without-mingle"]
WORKER += ["--loglevel", "INFO"]
BEAT = ["celery", "-A", "portal", "beat", "--schedule"]

pytestmark = pytest.mark.worker


class Ground:
    """The servers and processes of one test."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = servers.free_port()
        self.mass = MassServer()
        self.postgres = PrivatePostgres(directory)
        self.redis = PrivateRedis(directory)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TEST_")},
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "CELERY_BROKER_URL": self.redis.broker_url,
            "CELERY_QUEUE": "faults",
            "STATE_DIR": str(directory),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "PROBE_ALLOW_LOOPBACK": "1",
            "PROBE_SITES_AT_ONCE": "16",
            "PROBE_SITES_PER_TASK": "8",
            "LOG_LEVEL": "INFO",
        }

    def python(self, *arguments: str) -> str:
        """Return the output of a program."""
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start(self, name: str, *module: str) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        """Kill master and child at once, as kill -9 does."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres.connection) as connection:
            return connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def get(self, path: str, session: str = "") -> tuple[int, str]:
        """Return status and text of a portal page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Cookie": f"gatepass_session={session}"} if session else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def components(self) -> dict[str, str]:
        return json.loads(self.get("/readyz")[1])["components"]

    def log_ends(self) -> str:
        """Return the end of every log, for a failed test."""
        logs = sorted(self.directory.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-2500:]}" for log in logs)


@pytest.fixture
def ground() -> Iterator[Ground]:
    directory = servers.temporary_directory()
    made = Ground(directory)
    try:
        yield made
    finally:
        for name in list(made.processes):
            made.kill(name)
        made.mass.stop()
        made.redis.stop()
        made.postgres.close()
        shutil.rmtree(directory, ignore_errors=True)


def until(condition: Callable[[], Any], what: str, ground: Ground, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError, OSError, http.client.HTTPException):
            if condition():
                return
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen in {seconds:.0f} seconds\n{ground.log_ends()}")


def evaluated(ground: Ground) -> int:
    return int(ground.one("SELECT count(*) FROM rollout_checkrun WHERE state = 'done'"))


def begin(ground: Ground) -> str:
    """Start everything and create the sites; return an administrator's session."""
    ground.python("manage.py", "migrate", "--verbosity", "0")
    ground.python("manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    session = json.loads(ground.python("-m", "tests.support.faults_seed", str(ground.mass.port), str(SITES)))["session"]
    ground.mass.order(delay=DELAY, log=None)
    for name in ("worker-1", "worker-2"):
        ground.start(name, *WORKER, "--hostname", f"{name}@%h")
    ground.start("web", *web_command(host="127.0.0.1", port=ground.port, threads=4))
    until(lambda: ground.get("/readyz")[0] == 200, "the web", ground)
    for name in ("worker-1", "worker-2"):
        log = ground.directory / f"{name}.log"
        until(lambda log=log: " ready." in log.read_text(errors="replace"), name, ground)
    ground.start("beat", *BEAT, str(ground.directory / "beat"))
    ground.python(
        "-c",
        "import django; django.setup(); from rollout.services.checks import sweeps; sweeps.start_due_sweep()",
    )
    return session


def test_a_sweep_survives_a_killed_worker_and_both_servers(ground: Ground) -> None:
    session = begin(ground)
    web = ground.processes["web"].pid
    until(lambda: evaluated(ground) >= SITES // 10, "a tenth", ground)
    ground.kill("worker-2")

    until(lambda: evaluated(ground) >= SITES // 5, "a fifth", ground)
    ground.redis.stop()
    assert ground.get("/healthz")[0] == 200
    assert ground.components() == {"database": "ok", "migrations": "ok", "broker": "failing"}
    assert ground.get("/", session)[0] == 200  # pages that do not need Redis work
    ground.redis.start()
    until(lambda: ground.components()["broker"] == "ok", "Redis", ground)

    until(lambda: evaluated(ground) >= SITES // 3, "a third", ground)
    ground.postgres.stop()
    assert ground.get("/healthz")[0] == 200
    assert ground.components()["database"] == "failing"
    status, page = ground.get("/", session)
    assert (status, "The database does not respond." in page) == (503, True)
    ground.postgres.start()
    until(lambda: ground.get("/readyz")[0] == 200, "PostgreSQL", ground)

    until(
        lambda: ground.one("SELECT count(*) FROM rollout_sweep WHERE finished_at IS NULL") == 0, "the end", ground, 120
    )
    assert_each_was_evaluated_once(ground)
    assert ground.get("/", session)[0] == 200
    assert ground.processes["web"].poll() is None
    assert ground.processes["web"].pid == web


def assert_each_was_evaluated_once(ground: Ground) -> None:
    assert ground.rows("SELECT state, count(*) FROM rollout_checkrun GROUP BY state") == [("done", SITES)]
    assert (
        ground.one("SELECT count(DISTINCT (site_id, due_at)) FROM rollout_checkrun WHERE due_at IS NOT NULL") == SITES
    )
    # A site evaluated twice would be counted twice.
    assert ground.rows("SELECT state, total, done, failing, broken FROM rollout_sweep") == [
        ("done", SITES, SITES, 0, 0)
    ]
    left = "SELECT count(*) FROM rollout_site WHERE checked_at IS NULL OR check_due_at < now()"
    assert ground.one(left) == 0
    assert ground.mass.order(delay=0, log=None)["max_per_host"] == 1
