"""A process starts with valid settings only, and the web server's environment contains no secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.serving.web_command import web_command
from tests.support.paths import ROOT

KEY = "a-key-for-this-test-only-0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def example() -> dict[str, str]:
    """Return the environment that .env.example documents."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with this environment and no other setting."""
    base = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=base | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_works_as_documented_for_production() -> None:
    # Not one warning, deployment checks included.
    secrets = {"SECRET_KEY": KEY, "CREDENTIAL_KEYS": "Zm9yIHRlc3RzIG9ubHkgICAgICAgICAgICAgICAgICA="}
    database = "postgres://gatepass:password@127.0.0.1:1/gatepass"
    answer = manage("check", "--deploy", "--fail-level", "WARNING", **example(), **secrets, DATABASE_URL=database)
    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout


def test_settings_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "database").write_text("postgres://someone@db.example.com:5433/gatepass\n")
    code = "from django.conf import settings as s; print(s.SECRET_KEY, s.DATABASES['default']['NAME'])"
    answer = manage(
        "shell", "-v", "0", "-c", code,
        PUBLIC_URL="https://gatepass.example.com", SECRET_KEY_FILE=str(tmp_path / "key"),
        DATABASE_URL_FILE=str(tmp_path / "database"),
    )  # fmt: skip
    assert answer.stdout.splitlines()[-1] == f"{KEY} gatepass", answer.stderr


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "SECRET_KEY (or SECRET_KEY_FILE) is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY (or SECRET_KEY_FILE) is missing or shorter"),
        ({"SECRET_KEY": " " * 60}, "SECRET_KEY (or SECRET_KEY_FILE) is missing or shorter"),
        (
            {"SECRET_KEY_FILE": "/nowhere/key"},
            "SECRET_KEY cannot be read from the file in SECRET_KEY_FILE: No such file",
        ),
        ({"SECRET_KEY": KEY}, "PUBLIC_URL is not set. Example: PUBLIC_URL=https://gatepass.example.com"),
        (
            {"SECRET_KEY": KEY, "PUBLIC_URL": "gatepass.example.com"},
            "PUBLIC_URL is 'gatepass.example.com', which is not",
        ),
        ({"SECRET_KEY": KEY, "PUBLIC_URL": "ftp://gatepass.example.com"}, "which is not an absolute http"),
        ({"SECRET_KEY": KEY, "PUBLIC_URL": "https://g.example.com", "SECOND_FACTOR_ROLES": "admins"}, "gatepass.E014"),
        ({"SECRET_KEY": KEY, "PUBLIC_URL": "http://gatepass.example.com"}, "gatepass.E001"),
        ({"SECRET_KEY": KEY, "PUBLIC_URL": "https://g.example.com", "PROBE_ALLOW_LOOPBACK": "1"}, "gatepass.E002"),
        ({"SECRET_KEY": KEY, "PUBLIC_URL": "https://g.example.com", "DEMO": "1"}, "gatepass.E003"),
        ({"SECRET_KEY": KEY, "PUBLIC_URL": "https://g.example.com", "DEBUG": "1"}, "gatepass.E004"),
    ],
)
def test_a_wrong_environment_stops_the_start(environment: dict[str, str], says: str) -> None:
    answer = manage("check", **environment)
    assert answer.returncode != 0
    assert says in answer.stderr
    assert KEY not in answer.stderr
    assert "Traceback" not in answer.stderr


PROCESSES = {
    "web": ["granian", *web_command(host="127.0.0.1", port=1)[1:]],
    "worker": ["celery", "-A", "portal", "worker", "--concurrency", "1"],
    "beat": ["celery", "-A", "portal", "beat"],
}


@pytest.mark.parametrize("process", PROCESSES)
def test_a_wrong_environment_stops_every_process(tmp_path: Path, process: str) -> None:
    """Neither a value that cannot be read nor a contradiction is served with."""
    base = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "STATE_DIR": str(tmp_path), "SECRET_KEY": KEY,
        "PUBLIC_URL": "https://gatepass.example.com", "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3",
    }  # fmt: skip
    cases = {
        "gatepass.E004": {"DEBUG": "1"},
        "gatepass.E013": {"TRUSTED_PROXIES": "foo"},
        "BEHIND_PROXY is 'maybe', which is neither 1 nor 0.": {"BEHIND_PROXY": "maybe"},
    }
    command = [sys.executable, "-m", *PROCESSES[process]]
    running = {
        says: subprocess.Popen(command, cwd=ROOT, env=base | changes, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for says, changes in cases.items()
    }
    try:
        for says, one in running.items():
            output = one.communicate(timeout=60)[0].decode()
            assert one.returncode != 0, output
            assert says in output
            assert KEY not in output
    finally:
        for one in running.values():
            one.kill()
            one.wait()


def test_roles_with_spaces_between_them_all_count() -> None:
    code = "from django.conf import settings as s; print(s.SECOND_FACTOR_ROLES)"
    roles = "administrator, auditor"
    answer = manage(
        "shell", "-v", "0", "-c", code,
        SECRET_KEY=KEY, PUBLIC_URL="https://gatepass.example.com", SECOND_FACTOR_ROLES=roles,
    )  # fmt: skip
    assert answer.stdout.splitlines()[-1] == "['administrator', 'auditor']", answer.stderr


def test_a_line_break_in_the_file_of_former_keys_signs_no_one_out(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{KEY}-former\n")
    code = "from django.conf import settings as s; print(s.SECRET_KEY_FALLBACKS)"
    answer = manage(
        "shell", "-v", "0", "-c", code,
        SECRET_KEY=KEY, PUBLIC_URL="https://gatepass.example.com", SECRET_KEY_FALLBACKS_FILE=str(tmp_path / "keys"),
    )  # fmt: skip
    assert answer.stdout.splitlines()[-1] == f"['{KEY}-former']", answer.stderr


def test_the_web_servers_environment_contains_no_secrets() -> None:
    """Granian copies its environment into each request's. Secrets are removed after the settings have read them."""
    secrets = {"SECRET_KEY": "x" * 40, "REDIS_URL": "redis://:password@127.0.0.1:6379/0", "OIDC_CLIENT_SECRET": "s"}
    look = (
        "import os, portal.wsgi; from django.conf import settings as s; print(set(os.environ) & {names}, s.SECRET_KEY)"
    )
    result = subprocess.run(
        [sys.executable, "-c", look.format(names=set(secrets) | {"DATABASE_URL"})],
        cwd=ROOT, env={**os.environ, **secrets}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout.strip() == f"set() {'x' * 40}"
