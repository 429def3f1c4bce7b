"""`manage.py up` with SQLite, the filesystem broker, real child processes, simulated sites, a crash, and a restart."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.serving.supervisor import port_is_free
from rollout.simulator.table import DEMO, ports
from tests.support.paths import ROOT
from tests.support.servers import free_port

PATIENCE = 60  # seconds, on a busy machine; it takes about ten


class Trial:
    """The state directory and ports of one trial; ``start`` runs the supervisor."""

    def __init__(self, state: Path) -> None:
        self.state, self.port, self.fleet = state, free_port(), free_ports_in_a_row()
        (state / "key").write_text("a-key-for-this-trial-only-8c1f0e5d3b7a92466c0d\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONUNBUFFERED": "1",
            "STATE_DIR": str(state),
            "SECRET_KEY_FILE": str(state / "key"),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "PROBE_ALLOW_LOOPBACK": "1",
            "DEMO": "1",
            "DEMO_PORT_BASE": str(self.fleet),
        }
        self.output = state / "output"

    @contextlib.contextmanager
    def start(self) -> Iterator[subprocess.Popen[bytes]]:
        with self.output.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=ROOT, env=self.environment, stdout=output, stderr=output
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def said(self) -> str:
        return self.output.read_text()

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def rows(self, sql: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.state / "gatepass.sqlite3", timeout=20)) as database:
            return database.execute(sql).fetchall()


def free_ports_in_a_row() -> int:
    """Return the first of enough free ports for the simulated sites."""
    return next(base for base in range(21000, 32000, 101) if all(port_is_free(port) for port in ports(base)))


def until(condition: Callable[[], Any], what: str, trial: Trial) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    logs = "\n".join(f"{log.name}: …{log.read_text()[-1500:]}" for log in (trial.state / "log").glob("*.log"))
    raise AssertionError(f"{what} did not happen.\n{trial.said()}\n{logs}")


def command_lines(trial: Trial) -> dict[int, str]:
    """Return the processes of this trial, found by their environment, without the supervisor's short-lived forks."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and f"STATE_DIR={trial.state}\0".encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
    return found


def finished(trial: Trial) -> list[Any]:
    return trial.rows("SELECT state FROM rollout_checkrun WHERE state IN ('done', 'failed')")


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


@pytest.mark.worker
def test_it_works_from_an_empty_directory_to_a_second_start(trial: Trial) -> None:
    with trial.start() as up:
        line = until(lambda: re.search(r"Sign in as .*(/welcome/\S+)", trial.said()), "the link", trial)
        assert f"Gatepass: http://127.0.0.1:{trial.port}\n" in trial.said()
        assert trial.get("/healthz") == (200, '{"status": "ok"}')
        assert trial.get("/readyz")[0] == 200
        assert trial.get(line.group(1))[0] == 200  # opening the link does not use it
        until(lambda: len(finished(trial)) == len(DEMO) + 1, "the check of every demo site", trial)
        verdicts = dict(trial.rows("SELECT title, mdm_verdict FROM rollout_site"))
        assert {DEMO[name].title: DEMO[name].mdm.value for name in DEMO}.items() <= verdicts.items()
        assert verdicts["Pilot Wiki"] == "READY_MDM"

        second = subprocess.run(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=trial.environment, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert second.returncode == 1
        assert "already running" in second.stderr

        masters = [pid for pid, line in command_lines(trial).items() if "granian" in line and os.getpgid(pid) == pid]
        assert len(masters) == 1
        os.kill(masters[0], signal.SIGKILL)
        until(lambda: "web was killed by SIGKILL" in trial.said(), "the report of the crash", trial)
        until(lambda: answers(trial), "the web's new start", trial)

        up.send_signal(signal.SIGINT)
        assert up.wait(30) == 0
    assert "Stopped." in trial.said()
    assert command_lines(trial) == {}

    with trial.start() as up:
        until(lambda: "Sign in as" in trial.said(), "the second start", trial)
        assert len(trial.rows("SELECT 1 FROM rollout_site")) == len(DEMO) + 1
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0
    assert command_lines(trial) == {}


def answers(trial: Trial) -> bool:
    try:
        return trial.get("/readyz")[0] == 200
    except OSError:
        return False


def test_a_taken_port_stops_the_start_before_anything_happens(trial: Trial) -> None:
    import socket

    with socket.create_server(("127.0.0.1", trial.port)), trial.start() as up:
        assert up.wait(PATIENCE) == 1
    assert f"Port {trial.port} is in use. Choose another port: make run PORT=" in trial.said()
    assert not (trial.state / "gatepass.sqlite3").exists()
