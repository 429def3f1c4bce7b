"""`make audit` fails if it could not look the dependencies up; the scanners are replaced by their output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
SKIPPED = {"name": "celery", "skip_reason": "Dependency not found on PyPI and could not be audited"}
VULNERABLE = {"name": "h11", "version": "0.15", "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.16"]}]}


def audit(
    directory: Path, rows: list[dict[str, Any]] | None, *, bandit: int = 0, **environment: str
) -> tuple[int, str]:
    """Run the script with scanners that end like this; without ``rows`` pip-audit fails and writes nothing."""
    write = "exit 1" if rows is None else f"cat > \"$out\" <<'END'\n{json.dumps({'dependencies': rows})}\nEND"
    find = 'while [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done'
    scripts = {"bandit": f"exit {bandit}", "pip-audit": f"{find}\n{write}", "python": f'exec {sys.executable} "$@"'}
    for name, script in scripts.items():
        path = directory / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    done = subprocess.run(
        [ROOT / ".ci" / "audit"],
        env={"PATH": os.environ["PATH"], "BIN": str(directory), **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_works_when_all_dependencies_were_looked_up(tmp_path: Path) -> None:
    assert audit(tmp_path, [CLEAN]) == (0, "1 dependencies audited.\n")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([CLEAN, SKIPPED], "1 of 2 dependencies could not be looked up: celery"),
        (None, "pip-audit wrote no result"),
    ],
)
def test_nothing_looked_up_is_a_failure_unless_the_machine_is_offline(
    tmp_path: Path, rows: list[dict[str, Any]] | None, says: str
) -> None:
    status, output = audit(tmp_path, rows)
    assert (status, says in output) == (1, True)
    assert audit(tmp_path, rows, OFFLINE="1") == (0, "Dependencies were not audited: OFFLINE=1.\n")


def test_a_vulnerable_dependency_is_named(tmp_path: Path) -> None:
    assert "h11 0.15: PYSEC-1, fixed in 0.16" in audit(tmp_path, [VULNERABLE])[1]


def test_a_finding_in_the_code_is_a_failure(tmp_path: Path) -> None:
    assert audit(tmp_path, [CLEAN], bandit=1)[0] == 1
    assert audit(tmp_path, [CLEAN], bandit=1, OFFLINE="1")[0] == 1
