"""A process starts with valid settings only, and the web server's environment contains no secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
        ({}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is missing or shorter"),
        ({"SECRET_KEY": " " * 60}, "SECRET_KEY is missing or shorter"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "/nowhere/key"),
        ({"SECRET_KEY": KEY}, "PUBLIC_URL must be the absolute address"),
        ({"SECRET_KEY": KEY, "PUBLIC_URL": "gatepass.example.com"}, "PUBLIC_URL must be the absolute address"),
        ({"SECRET_KEY": KEY, "PUBLIC_URL": "ftp://gatepass.example.com"}, "PUBLIC_URL must be the absolute address"),
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
