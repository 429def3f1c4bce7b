"""Fixture for a Celery worker on the test database."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from .environment import RUN, SERVERS, STATE
from .paths import ROOT


@dataclass(frozen=True)
class Worker:
    """A running Celery worker: its process and its log file."""

    process: subprocess.Popen[bytes]
    log: Path


def child_environment() -> dict[str, str]:
    """Return the environment of a Gatepass process on the test database."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        parts = urlsplit(SERVERS.database_url)
        url = parts._replace(path=f"{parts.path.rpartition('/')[0]}/{name}").geturl()
    return {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "INFO"}


@pytest.fixture(scope="session")
def worker_process(django_db_setup: None) -> Iterator[Worker]:
    """Worker for the whole run, on the test database and the queue of the run."""
    log = STATE / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "portal", "worker", "--concurrency", "2"]
    command += ["--loglevel", "INFO"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", f"{RUN}@%h"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=child_environment(), stdout=output, stderr=output, start_new_session=True
        )
    _wait_until_ready(process, log)
    yield Worker(process, log)
    process.terminate()  # the master only: a warm shutdown of the whole group can hang
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):  # a minute at most
        if " ready." in log.read_text():
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    process.kill()
    pytest.fail(f"The Celery worker did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture
def worker(transactional_db: None, worker_process: Worker) -> Iterator[Worker]:
    """Celery worker with an empty queue that is idle again after the test.

    It processes everything that is queued in the database, so it must not run during later tests, and must not write
    while the tables are flushed.
    """
    from portal.celery import app

    if worker_process.process.poll() is not None:
        pytest.fail(f"The Celery worker exited:\n{worker_process.log.read_text()[-4000:]}")
    app.control.purge()
    app.control.add_consumer(RUN, reply=True)
    yield worker_process
    app.control.cancel_consumer(RUN, reply=True)
    app.control.purge()
    for _ in range(300):
        if not any((app.control.inspect(timeout=0.5).active() or {}).values()):
            break
