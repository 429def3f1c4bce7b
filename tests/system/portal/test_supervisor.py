"""The supervisor starts, restarts, reports and stops real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.serving import supervisor as supervision
from portal.serving.local_ports import port_answers, port_is_free
from portal.serving.supervisor import Program, Supervisor
from tests.support.paths import ROOT

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
FORKS = (
    "import os, signal, time\n"
    "child = os.fork()\n"
    "if child == 0: signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "else: print(child, flush=True)\n"
    "time.sleep(60)"
)


def program(directory: Path, name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-c", code], directory / f"{name}.log")


def until_logged(log: Path, supervisor: Supervisor, text: str = "up") -> None:
    """Run the supervisor until the child's log contains the text; fail after ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        supervisor.start_due()
        if log.exists() and text in log.read_text():
            return
        supervisor.stop_requested.wait(0.02)
    raise AssertionError(f"{log} never contained {text!r}")


def is_alive(pid: int) -> bool:
    """Whether the process is running; a zombie does not count."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_it_works(tmp_path: Path) -> None:
    programs = [program(tmp_path, "web", SLEEP), program(tmp_path, "worker", SLEEP)]
    supervisor = Supervisor(programs)
    for one in programs:
        until_logged(one.log, supervisor)
    pids = [child.process.pid for child in supervisor.children if child.process]
    assert len(pids) == 2
    assert all(os.getpgid(pid) == pid for pid in pids)  # Ctrl-C in the terminal does not reach them
    supervisor.stop_all()
    assert not any(is_alive(pid) for pid in pids)


def test_a_crashed_child_is_restarted(tmp_path: Path) -> None:
    now, lines = [0.0], []
    one = program(tmp_path, "worker", "print('the disk is full'); raise SystemExit(3)")
    supervisor = Supervisor([one], write=lines.append, clock=lambda: now[0])
    child = supervisor.children[0]
    pauses = []
    for _ in range(7):
        supervisor.start_due()
        assert child.process is not None
        child.process.wait(10)
        supervisor.start_due()
        pauses.append(child.start_at - now[0])
        supervisor.start_due()
        assert child.process is None  # not before the delay has passed
        now[0] = child.start_at
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert lines[0] == "worker exited with code 3: the disk is full"
    assert str(one.log) in lines[1]


def test_a_child_that_cannot_start_is_reported_and_tried_again(tmp_path: Path) -> None:
    """As on a full disk, where its log cannot be created."""
    lines: list[str] = []
    one = program(tmp_path, "web", SLEEP)
    one.log.mkdir()
    supervisor = Supervisor([one], write=lines.append, clock=lambda: 0.0)
    supervisor.start_due()
    assert lines == ["web cannot start: Is a directory", f"  Restarting in 1 s. Log: {one.log}"]
    one.log.rmdir()
    supervisor.children[0].start_at = 0.0
    until_logged(one.log, supervisor)
    supervisor.stop_all()


def test_a_killed_child_is_restarted(tmp_path: Path) -> None:
    lines: list[str] = []
    one = program(tmp_path, "web", SLEEP)
    supervisor = Supervisor([one], write=lines.append, clock=lambda: 0.0)
    until_logged(one.log, supervisor)
    child = supervisor.children[0]
    assert child.process is not None
    child.process.kill()
    child.process.wait(10)
    supervisor.start_due()
    assert lines[0] == "web was killed by SIGKILL"
    assert child.start_at == 1


def test_the_restart_delay_is_reset_after_a_stable_time(tmp_path: Path) -> None:
    now = [0.0]
    supervisor = Supervisor([program(tmp_path, "web", "pass")], write=lambda text: None, clock=lambda: now[0])
    child = supervisor.children[0]
    child.crashes = 6
    supervisor.start_due()
    assert child.process is not None
    child.process.wait(10)
    now[0] = 3600
    supervisor.start_due()
    assert child.start_at == 3601


def test_a_child_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    one = program(tmp_path, "worker", STUBBORN)
    supervisor = Supervisor([one], stop_seconds=0.3)
    until_logged(one.log, supervisor)
    process = supervisor.children[0].process
    supervisor.stop_all()
    assert process is not None
    assert process.returncode == -signal.SIGKILL


def test_descendants_of_a_child_are_killed(tmp_path: Path) -> None:
    one = program(tmp_path, "worker", FORKS)
    supervisor = Supervisor([one], stop_seconds=0.3)
    until_logged(one.log, supervisor, "\n")
    grandchild = int(one.log.read_text())
    supervisor.stop_all()
    for _ in range(100):
        if not is_alive(grandchild):
            return
        supervisor.stop_requested.wait(0.02)
    raise AssertionError("a process of the pool is still running")


def test_a_second_stop_kills_at_once(tmp_path: Path) -> None:
    one = program(tmp_path, "worker", STUBBORN)
    supervisor = Supervisor([one], stop_seconds=60)
    until_logged(one.log, supervisor)
    supervisor.stop()
    supervisor.stop()
    before = time.monotonic()
    supervisor.run()
    assert time.monotonic() - before < 10


def test_the_children_of_a_killed_supervisor_stop(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from portal.serving.supervisor import Program, Supervisor\n"
        f"one = Program('web', [sys.executable, '-c', {SLEEP!r}], Path({str(tmp_path / 'web.log')!r}))\n"
        "supervisor = Supervisor([one])\n"
        "supervisor.run(tick=lambda: print(supervisor.children[0].process.pid, flush=True))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    deadline = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < deadline:
        os.sched_yield()
    assert not is_alive(pid)


def test_a_log_is_rotated_while_several_processes_write_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "MAX_LOG_BYTES", 50_000)
    code = "import os\nos.fork()\nfor n in range(40_000): print(f'{os.getpid()} {n}', flush=True)\nos.wait()"
    one = program(tmp_path, "web", code)
    supervisor = Supervisor([one])
    supervisor.start_due()
    process = supervisor.children[0].process
    assert process is not None
    while not supervision.has_exited(process):
        supervisor.start_due()
        assert one.log.stat().st_size < 5_000_000
    lines = [(tmp_path / "web.log.1").read_text(), one.log.read_text()]
    assert "\0" not in "".join(lines)
    assert "39999\n" in "".join(lines)
    assert len(lines[1]) <= 50_000 or process.returncode is None
    supervisor.stop_all()


def test_a_full_disk_empties_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "MAX_LOG_BYTES", 50_000)
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * 60_000)
    (tmp_path / "web.log.1").symlink_to("/dev/full")  # answers each write as a full disk does
    supervision.rotate_log(log)
    assert log.stat().st_size == 0
    assert not (tmp_path / "web.log.1").exists()


def test_the_group_of_a_collected_child_is_not_killed(tmp_path: Path) -> None:
    """Its process ID may belong to another installation by then."""
    supervisor = Supervisor([program(tmp_path, "web", "pass")])
    supervisor.start_due()
    process = supervisor.children[0].process
    assert process is not None
    process.wait(10)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as stranger:
        process.pid = stranger.pid
        supervision.kill_group(process)
        assert stranger.poll() is None
        stranger.kill()


def test_an_exited_child_keeps_its_id_until_its_group_is_killed(tmp_path: Path) -> None:
    one = program(tmp_path, "web", FORKS.replace("time.sleep(60)", "time.sleep(60 if child == 0 else 0.1)"))
    supervisor = Supervisor([one], write=lambda text: None)
    until_logged(one.log, supervisor, "\n")
    process = supervisor.children[0].process
    assert process is not None
    while not supervision.has_exited(process):
        time.sleep(0.02)
    assert process.returncode is None
    assert Path(f"/proc/{process.pid}").exists()
    supervisor.start_due()
    assert process.returncode == 0
    for _ in range(100):
        if not is_alive(int(one.log.read_text())):
            return
        time.sleep(0.02)
    raise AssertionError("a process of the group is still running")


def test_a_port_in_use_is_detected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not port_is_free(port)
        assert port_answers(port)
    assert port_is_free(port)
    assert not port_answers(port)


@pytest.mark.parametrize("output", ["", "\n\n", "\x00\xff"])
def test_a_child_without_useful_output(tmp_path: Path, output: str) -> None:
    supervisor = Supervisor([program(tmp_path, "web", "pass")])
    (tmp_path / "web.log").write_text(output)
    assert isinstance(supervisor.children[0].last_line(), str)
