"""What `make run` checks and prepares before it installs anything, with the standard library only."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from rollout.simulator.table import ports
from tests.support.paths import ROOT
from tests.support.servers import free_port


def trial(step: str, state: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", ROOT / ".ci" / "trial", step]  # -S: without installed packages
    base = {"PATH": os.environ["PATH"], "STATE_DIR": str(state), "PORT": str(free_port())}
    return subprocess.run(command, env=base | environment, capture_output=True, text=True, timeout=30, check=False)


def test_it_works_and_keeps_what_it_has_made(tmp_path: Path) -> None:
    state = tmp_path / "var"
    assert trial("run", state).stderr == ""
    kept = {path.name: path.read_text() for path in state.iterdir()}
    assert sorted(kept) == ["credential_keys", "demo_port_base", "host", "secret_key", "up.lock"]
    assert kept["host"] == "localhost\n"  # passkeys need a name
    assert len(kept["secret_key"]) > 50
    Fernet(kept["credential_keys"].strip())
    assert (state / "secret_key").stat().st_mode & 0o777 == 0o600

    assert trial("run", state).returncode == trial("state", state).returncode == 0
    assert {path.name: path.read_text() for path in state.iterdir()} == kept


@pytest.mark.parametrize("port", ["abc", "0", "-1", "65536", "8000.5", "٨٠٠٠"])
def test_a_port_that_is_none_is_named(tmp_path: Path, port: str) -> None:
    done = trial("run", tmp_path / "var", PORT=port)
    assert (done.returncode, done.stderr) == (
        1, f"PORT={port} is not a port. Choose a number from 1024 to 65535: make run PORT=8000\n"
    )  # fmt: skip
    assert not (tmp_path / "var").exists()


def test_a_taken_port_is_named_with_a_free_one(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = trial("run", tmp_path, PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "is in use or not permitted. Choose another port: make run PORT=" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_sites_take_ports_that_are_free(tmp_path: Path) -> None:
    """Neither the port of Gatepass itself nor a port of another trial; and they keep them."""
    assert trial("run", tmp_path / "one", PORT="8123").returncode == 0
    base = int((tmp_path / "one" / "demo_port_base").read_text())
    assert 8123 not in ports(base)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base + 7))
        taken.listen()
        assert trial("run", tmp_path / "two", PORT="8123").returncode == 0
        assert trial("run", tmp_path / "one", PORT="8123").returncode == 0
    assert base + 7 not in ports(int((tmp_path / "two" / "demo_port_base").read_text()))
    assert int((tmp_path / "one" / "demo_port_base").read_text()) == base


def test_no_demo_site_is_outside_the_checked_ports() -> None:
    source = (ROOT / ".ci" / "trial").read_text()
    count = int(source.partition("DEMO_PORTS = ")[2].split()[0])
    assert max(ports(0)) < count


def test_a_server_at_the_ipv6_address_of_localhost_takes_the_port(tmp_path: Path) -> None:
    """Browsers that look up localhost would show that server's pages."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        done = trial("run", tmp_path, PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "is in use or not permitted." in done.stderr


def test_an_older_trial_keeps_its_address(tmp_path: Path) -> None:
    """Links and phones store it. A new trial that was cut off before it wrote the name is still a new one."""
    (tmp_path / "gatepass.sqlite3").touch()
    assert trial("state", tmp_path).returncode == 0
    assert (tmp_path / "host").read_text() == "127.0.0.1\n"
    (tmp_path / "gatepass.sqlite3").unlink()
    assert trial("state", tmp_path).returncode == 0
    assert (tmp_path / "host").read_text() == "127.0.0.1\n"
    (tmp_path / "host").write_text("")
    assert trial("state", tmp_path).returncode == 0
    assert (tmp_path / "host").read_text() == "localhost\n"


def test_an_older_trial_and_a_chosen_port_keep_their_ports(tmp_path: Path) -> None:
    (tmp_path / "gatepass.sqlite3").touch()
    assert trial("state", tmp_path).returncode == 0
    assert (tmp_path / "demo_port_base").read_text() == "8101\n"
    assert trial("state", tmp_path, DEMO_PORT_BASE="20000").returncode == 0
    assert (tmp_path / "demo_port_base").read_text() == "20000\n"


def test_an_empty_key_file_of_a_start_that_was_cut_off_is_filled(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    (tmp_path / "credential_keys").write_text("\n")
    assert trial("state", tmp_path).returncode == 0
    assert len((tmp_path / "secret_key").read_text()) > 50
    Fernet((tmp_path / "credential_keys").read_text().strip())


def test_two_starts_at_once_get_the_same_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        done = list(threads.map(lambda _number: trial("state", tmp_path, DEMO="0"), range(6)))
    assert [one.stderr for one in done] == [""] * 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["credential_keys", "host", "secret_key"]


def test_a_running_trial_is_named(tmp_path: Path) -> None:
    with (tmp_path / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = trial("run", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Gatepass is already running with the data in")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = trial("run", tmp_path / "file")
    assert done.returncode == 1
    assert "cannot be written: File exists. Make room, or choose another folder: make run STATE_DIR=…" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("is_installed", [False, True])
def test_a_read_only_checkout_needs_its_virtual_environment(tmp_path: Path, is_installed: bool) -> None:
    """With it, a state directory elsewhere is enough. ``os.access`` is replaced, because root may write everywhere."""
    checkout, state = tmp_path / "checkout", tmp_path / "state"
    (checkout / ".ci").mkdir(parents=True)
    script = shutil.copy(ROOT / ".ci" / "trial", checkout / ".ci")
    if is_installed:
        (checkout / ".venv").mkdir()
        (checkout / ".venv" / ".run").touch()
    code = "import os, runpy, sys; os.access = lambda *_: False; runpy.run_path(sys.argv[0], run_name='__main__')"
    environment = {"PATH": os.environ["PATH"], "STATE_DIR": str(state), "PORT": str(free_port())}
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.argv = [{script!r}, 'run']; {code}"],
        env=environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    advice = "Run `make run` once where it can be written.\n"
    expected = "" if is_installed else f"{checkout} is read-only, and its virtual environment is made there. {advice}"
    assert done.stderr == expected
    assert (state / "secret_key").exists() == is_installed


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """Linux's /dev/full answers each write as a full disk does."""
    (tmp_path / "demo_port_base").symlink_to("/dev/full")
    done = trial("state", tmp_path, DEMO_PORT_BASE="20000")
    assert done.returncode == 1
    assert "cannot be written: No space left on device." in done.stderr
