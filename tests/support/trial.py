"""A trial (`manage.py up`) with its own state directory and ports, for system tests."""

from __future__ import annotations

import contextlib
import http.client
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from portal.serving.local_ports import port_is_free
from rollout.simulator.table import ports

from .paths import ROOT
from .servers import free_port

PATIENCE = 120  # seconds, on a busy machine; it takes about ten


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
            "PUBLIC_URL": f"http://localhost:{self.port}",
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

    def answers(self) -> bool:
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

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
