"""The layout of the tests: five directories, and shared code in ``tests/support`` only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

TESTS = ROOT / "tests"
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in TESTS.rglob("*.py"))
DATABASE = {"db", "transactional_db", "live_server", "worker"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Return the full names of everything that a module imports, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def test_every_directory_is_one_of_five() -> None:
    directories = {path.name for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert directories == {"unit", "integration", "system", "support", "cases"}
    assert [path.name for path in TESTS.glob("*.py")] == ["conftest.py"]
    named = [Path(name).name for name in MODULES if name.startswith(("tests/support/", "tests/cases/"))]
    assert not [name for name in named if name.startswith("test_") or name == "conftest.py"]


def test_no_module_imports_a_test_module() -> None:
    for module in MODULES:
        for name in imported(ast.parse((ROOT / module).read_text())):
            parts = name.split(".")
            assert parts[0] != "tests" or parts[1] == "support", f"{module} imports {name}"
            assert not any(part.startswith("test_") or part == "conftest" for part in parts[:-1]), f"{module}: {name}"
            assert not name.startswith(".") or module.startswith("tests/support/"), f"{module} imports {name}"


def test_unit_tests_request_no_database() -> None:
    """``tests/unit/conftest.py`` rejects indirect requests through other fixtures."""
    for module in (name for name in MODULES if name.startswith("tests/unit/")):
        for node in ast.walk(ast.parse((ROOT / module).read_text())):
            if isinstance(node, ast.FunctionDef):
                assert not DATABASE & {argument.arg for argument in node.args.args}, f"{module}: {node.name}"
            assert not (isinstance(node, ast.Attribute) and node.attr == "django_db"), (
                f"{module}: pytest.mark.django_db"
            )
