"""The commands that README.md and the documents name exist, and are what CI runs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(path: Path) -> list[str]:
    """Return the commands in the shell blocks of a document, without comments."""
    blocks = re.findall(r"^```(?:sh|bash|shell|console)\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line.split("  #")[0].strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def make(*arguments: str) -> str:
    """Return the commands that make would run."""
    command = ["make", "--dry-run", *arguments]
    clean = {"PATH": os.environ["PATH"]}  # the settings of this test run must not apply
    return subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=30, check=True).stdout


def prerequisites(target: str) -> list[str]:
    found = re.search(rf"^{target}:([^#\n]*)", MAKEFILE, re.MULTILINE)
    assert found, target
    return found.group(1).split()


def test_the_two_commands_of_the_readme() -> None:
    first_words = [" ".join(command.split()[:2]) for command in commands(ROOT / "README.md")]
    assert "make run" in first_words
    assert "make test" in first_words


def test_ci_runs_the_test_command_of_the_readme_and_no_other() -> None:
    run = (ROOT / ".ci" / "run").read_text()
    made = re.findall(r"^(?:exec )?(make .*)$", run, re.MULTILINE)
    assert made == ["make quality", "make test"]
    assert run.rstrip().endswith("exec make test")  # the tests' summary is the last line
    assert prerequisites("check") == ["quality", "test"]  # `make check` is the same
    assert "make check" in (ROOT / "README.md").read_text()


def test_check_runs_every_check() -> None:
    commands_run = make("check")
    for command in (
        "ruff format --check", "ruff check", "djlint --check", "djlint --quiet --lint", "mypy", "lint-imports",
        "makemigrations --check", "check --deploy --fail-level WARNING", "-m pytest",
    ):  # fmt: skip
        assert command in commands_run


def test_test_runs_everything() -> None:
    recipe = MAKEFILE.partition("\ntest:")[2].partition("\n\n")[0]
    # No selection, no skipping: only whether coverage is measured, and how many processes share the work.
    assert re.findall(r"COVERAGE = .*", MAKEFILE) == ["COVERAGE = --cov --cov-report= -p tests.support.coverage_totals"]
    assert "PARALLEL = --numprocesses auto --maxprocesses 4 --dist worksteal\n" in MAKEFILE
    assert recipe.rstrip().endswith("-m pytest $(COVERAGE) $(PARALLEL)")


@pytest.mark.parametrize(
    "target", ["run", "test", "test-unit", "test-long", "lint", "typecheck", "format", "check", "bench", "demo"]
)
def test_common_targets_exist(target: str) -> None:
    assert target in TARGETS
    assert make(target)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_command_of_the_documents_exists(path: Path) -> None:
    for command in commands(path):
        words = command.split()
        if words[0] == "make":
            targets = [word for word in words[1:] if "=" not in word.split('"')[0] and not word.startswith('"')]
            assert targets[0] in TARGETS, command


@pytest.mark.parametrize("script", [".ci/run", ".ci/bootstrap"])
def test_the_scripts_are_executable_and_valid(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["sh", "-n", script], cwd=ROOT, check=True)


def test_run_takes_port_and_demo() -> None:
    command = make("run", "PORT=8123", "DEMO=0")
    assert """PUBLIC_URL="http://$(cat "var/host" 2>/dev/null || echo localhost):8123\"""" in command
    assert "DEMO=0" in command
    assert "PROBE_ALLOW_LOOPBACK=0" in command
    assert "PROBE_ALLOW_LOOPBACK=1" in make("run")
