"""Supervises the processes of one machine: starts them, restarts crashed ones, and stops them all.

Each child leads its own process group, so Ctrl-C in the terminal reaches only the supervisor, and each child gets one
signal. Only the master of a child gets SIGTERM: a Celery pool whose members get it too may hang.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from .parent_death import signal_at_parent_death

MAX_RESTART_DELAY = 30.0  # seconds between two starts of a child that crashes repeatedly
STABLE_AFTER = 60.0  # seconds after which a child counts as stable
MAX_LOG_BYTES = 5 * 1024 * 1024  # of a log, and again of the one before it
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Program:
    """One child process: its name, command and log."""

    name: str
    command: Sequence[str]
    log: Path


class Child:
    """A program and the process that runs it now, if any."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.start_at = 0.0
        self.crashes = 0

    def start(self, now: float) -> None:
        """Start the process with its output appended to the log. Raises OSError, as when the disk is full."""
        log, self.started_at = self.program.log, now
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603  (our own command lines)
                self.program.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_stop_with_supervisor,  # noqa: PLW1509  (the supervisor has no threads)
            )

    def plan_restart(self, now: float) -> float:
        """Return the seconds until the next start: 1, 2, 4 … 30 while the child crashes."""
        self.crashes = 1 if now - self.started_at >= STABLE_AFTER else self.crashes + 1
        self.process = None
        delay = min(2.0 ** (self.crashes - 1), MAX_RESTART_DELAY)
        self.start_at = now + delay
        return delay

    def last_line(self) -> str:
        """The last non-empty line of the log, for a one-line crash report."""
        with self.program.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            lines = log.read().decode(errors="replace").splitlines()
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "no output")


class Supervisor:
    """Runs programs until it is stopped."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        write: Callable[[str], Any] = print,
        clock: Callable[[], float] = time.monotonic,
        stop_seconds: float = 10.0,
    ) -> None:
        self.children = [Child(program) for program in programs]
        self.write, self.clock, self.stop_seconds = write, clock, stop_seconds
        self.stop_requested = threading.Event()
        self.kill_at_once = False

    def run(self, *, every: float = 0.2, tick: Callable[[], Any] = lambda: None) -> None:
        """Start all programs, supervise them until ``stop`` is called, then stop them. ``tick`` is called once per
        round.
        """
        try:
            while not self.stop_requested.is_set():
                self.start_due()
                tick()
                self.stop_requested.wait(every)
        finally:
            self.stop_all()

    def stop(self, *_signal: int | FrameType | None) -> None:
        """End ``run``; at the second call, children are killed. Suitable for ``signal.signal``."""
        self.kill_at_once = self.stop_requested.is_set()
        self.stop_requested.set()

    def start_due(self) -> None:
        """Start programs that are due, and schedule the restart of those that have ended."""
        now = self.clock()
        for child in self.children:
            if child.process is not None and has_exited(child.process):
                kill_group(child.process)  # left behind by a killed master
                self._report_crash(child, exit_description(child), child.plan_restart(now))
            rotate_log(child.program.log)
            if child.process is None and now >= child.start_at:
                try:
                    child.start(now)
                except OSError as error:
                    self._report_crash(child, f"cannot start: {error.strerror}", child.plan_restart(now))

    def _report_crash(self, child: Child, ending: str, delay: float) -> None:
        program = child.program
        self.write(f"{program.name} {ending}")
        self.write(f"  Restarting in {delay:.0f} s. Log: {program.log}")

    def stop_all(self) -> None:
        """Stop the children, the last one started first, and kill the groups of those that take too long."""
        running = [child.process for child in reversed(self.children) if child.process is not None]
        for process in running:
            if process.returncode is None:
                os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + self.stop_seconds
        for process in running:
            while not has_exited(process) and time.monotonic() < deadline and not self.kill_at_once:
                time.sleep(0.05)
            kill_group(process)


def exit_description(child: Child) -> str:
    """Return why the child exited: the signal that killed it, or its exit code and last log line."""
    code = child.process.returncode if child.process is not None else 0
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"exited with code {code}: {child.last_line()}"


def has_exited(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended. It stays a zombie, so that no other gets its ID, by which ``kill_group`` kills."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return process.returncode is not None or os.waitid(os.P_PID, process.pid, options) is not None


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its descendants, and collect its exit code."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def rotate_log(log: Path) -> None:
    """Move the contents of a large log to ``NAME.log.1``.

    Several processes append to the open file, so it is copied and emptied. A line that is written in between is lost.
    """
    if not log.exists() or log.stat().st_size <= MAX_LOG_BYTES:
        return
    earlier = log.with_suffix(".log.1")
    try:
        shutil.copyfile(log, earlier)
    except OSError:  # a full disk: emptying both makes room
        earlier.unlink(missing_ok=True)
    os.truncate(log, 0)


def _stop_with_supervisor() -> None:
    signal_at_parent_death(signal.SIGTERM)


@contextlib.contextmanager
def stopping_on_signals(supervisor: Supervisor) -> Iterator[None]:
    """Stop the supervisor on Ctrl-C, SIGTERM or a closed terminal while the block runs."""
    previous = {number: signal.signal(number, supervisor.stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
