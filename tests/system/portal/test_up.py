"""`manage.py up` with SQLite, the filesystem broker, real child processes, simulated sites, a crash, and a restart."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rollout.simulator.table import DEMO
from tests.support.paths import ROOT
from tests.support.trial import PATIENCE, Trial, command_lines, until


def finished(trial: Trial) -> list[Any]:
    return trial.rows("SELECT state FROM rollout_checkrun WHERE state IN ('done', 'failed')")


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


@pytest.mark.worker
def test_it_works_from_an_empty_directory_to_a_second_start(trial: Trial) -> None:
    with trial.start() as up:
        line = until(lambda: re.search(r"Sign in as .*(/welcome/\S+)", trial.said()), "the link", trial)
        assert f"Gatepass: http://localhost:{trial.port}\n" in trial.said()
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
        until(trial.answers, "the web's new start", trial)

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


def test_a_taken_port_stops_the_start_before_anything_happens(trial: Trial) -> None:
    import socket

    with socket.create_server(("127.0.0.1", trial.port)), trial.start() as up:
        assert up.wait(PATIENCE) == 1
    assert f"Port {trial.port} is in use. Choose another port: make run PORT=" in trial.said()
    assert not (trial.state / "gatepass.sqlite3").exists()


def test_a_second_start_at_the_same_time_does_not_share_the_port(trial: Trial, tmp_path: Path) -> None:
    """Another installation: the port is still free while the first one prepares its database."""
    (tmp_path / "second").mkdir()
    second = Trial(tmp_path / "second")
    second.environment |= {"PUBLIC_URL": trial.environment["PUBLIC_URL"], "DEMO": "0"}
    with trial.start() as up:
        until(lambda: "Preparing" in trial.said(), "the first start", trial)
        with second.start() as other:
            assert other.wait(PATIENCE) == 1
        up.kill()
    assert f"Port {trial.port} is in use. Choose another port: make run PORT=" in second.said()


def test_ctrl_c_while_it_prepares_leaves_no_traceback_and_the_next_start_goes_on(trial: Trial) -> None:
    trial.environment["DEMO"] = "0"
    with trial.start() as up:
        until(lambda: "Preparing" in trial.said(), "the start", trial)
        up.send_signal(signal.SIGINT)
        assert up.wait(PATIENCE) == 1
    assert trial.said().endswith("CommandError: Stopped before Gatepass had started. Run `make run` to start again.\n")
    assert "Traceback" not in trial.said()
    with trial.start() as up:
        until(lambda: "Sign in as" in trial.said(), "the second start", trial)
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0


def test_a_full_disk_is_named(trial: Trial) -> None:
    """A limit of the size of files stands in for it."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with trial.start() as up:
            assert up.wait(PATIENCE) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert f"CommandError: The data in {trial.state} cannot be written: " in trial.said()
    assert "Make room, or choose another folder: make run STATE_DIR=…" in trial.said()
    assert "Traceback" not in trial.said()
