"""Processes that a benchmark starts (the mass server and workers), and their CPU time and memory from /proc."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


class MassServer:
    """``benchmarks.mass_server``, controlled through a pipe."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.mass_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.port = int(self._answer()["port"])

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise SystemExit("The mass server exited. Its output is above.")
        return json.loads(line)

    def order(self, **order: Any) -> dict[str, int]:
        """Set ``delay`` and ``log``; return the counts since the last order."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        return self._answer()

    def base_url(self, number: int) -> str:
        """Return a URL with a different host for each number below 16 million."""
        return f"http://127.{1 + (number >> 16) % 250}.{number >> 8 & 255}.{number & 255}:{self.port}"

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)


@contextlib.contextmanager
def workers(count: int, environment: dict[str, str], directory: Path) -> Iterator[list[int]]:
    """Start Celery workers with one process each; yield their process groups when they are ready."""
    started: list[subprocess.Popen[bytes]] = []
    logs = [directory / f"worker-{time.monotonic_ns()}-{number}.log" for number in range(count)]
    for number, log in enumerate(logs):
        with log.open("wb") as output:
            command = [sys.executable, "-m", "celery", "-A", "portal", "worker", "--concurrency", "1"]
            command += ["--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
            command += ["--hostname", f"bench{number}@%h"]
            started.append(
                subprocess.Popen(
                    command,
                    env={**environment, "LOG_LEVEL": "INFO"},
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            )
    try:
        for process, log in zip(started, logs, strict=True):
            _wait_until_ready(process, log)
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.terminate()  # only the master: a warm shutdown of the whole group can hang
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while " ready." not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"A worker did not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.1)


def of_session(session: int) -> list[int]:
    """Return the processes of a session, including its leader."""
    pids = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            if entry.name.isdigit() and int(_stat(entry)[3]) == session:
                pids.append(int(entry.name))
    return pids


def cpu_seconds(sessions: list[int]) -> float:
    """Return user and system time of these sessions' processes so far, including exited children."""
    total = 0
    for session in sessions:
        for pid in of_session(session):
            with contextlib.suppress(OSError, ValueError, IndexError):
                total += sum(int(value) for value in _stat(Path(f"/proc/{pid}"))[11:15])
    return total / TICKS


def peak_megabytes(sessions: list[int]) -> float:
    """Return the peak resident memory of any single process of these sessions."""
    peak = 0
    for session in sessions:
        for pid in of_session(session):
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        peak = max(peak, int(line.split()[1]))
    return peak / 1024


def _stat(process: Path) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on: the name may contain blanks and brackets."""
    return (process / "stat").read_text().rpartition(")")[2].split()
