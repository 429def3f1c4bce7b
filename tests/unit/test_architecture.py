"""ARCHITECTURE.md names all packages and modules, and module names are unique. Import contracts check the layers."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGES = ("portal", "rollout", "oauth_provider")
# Names with a meaning that Django gives them, whatever package they stand in.
DJANGO = {"admin", "apps", "checks", "forms", "management", "models", "tasks", "urls", "views"}
# One concept in several packages: its row, its service, its page, its form, its file.
CONCEPTS = {
    "accounts", "audit", "check_history", "check_runs", "configurations", "devices", "enrollment", "gateway",
    "inventories", "links", "matrix", "metadata", "notices", "notifications", "overview", "passes", "people",
    "phone_results", "plugins", "ports", "references", "rehearsal", "site", "site_certificates", "site_csv",
    "site_list", "sites", "sweeps", "troubleshooting", "upm", "waves", "webhooks",
}  # fmt: skip


def section(package: str) -> str:
    """Return the section about one package."""
    parts = re.split(r"^## ", (ROOT / "ARCHITECTURE.md").read_text(), flags=re.M)
    return next(part for part in parts if part.startswith(f"`{package}/`"))


def members(package: str) -> list[str]:
    """Return packages as ``name/`` and modules as ``name``, without migrations and translations."""
    found = []
    for path in sorted((ROOT / package).iterdir()):
        if path.is_dir() and (path / "__init__.py").exists() and path.name != "migrations":
            found.append(f"{path.name}/")
        elif path.suffix == ".py" and path.stem != "__init__":
            found.append(path.stem)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_the_page_names_every_package_and_module(package: str) -> None:
    named = re.findall(r"`([a-z_0-9]+/?)`", section(package))
    assert set(members(package)) <= set(named)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_in_the_first_column_exists(package: str) -> None:
    rows = re.findall(r"^\| ([^|]+) \|", section(package), flags=re.M)
    named = {name for row in rows for name in re.findall(r"`([a-z_0-9]+/?)`", row)}
    assert named == set(members(package))


def test_every_path_on_the_page_exists() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    paths = re.findall(r"`((?:portal|rollout|oauth_provider|tests|docs|templates|static|benchmarks)/[\w./]*)`", page)
    paths += re.findall(r"\]\(([\w./-]+)\)", page)
    assert [path for path in paths if not path.startswith("portal/locale/") and not (ROOT / path).exists()] == []


def test_module_names_are_unique() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if _is_module(path):
                places[path.stem].append(str(path.relative_to(ROOT)))
    several = {name: found for name, found in places.items() if len(found) > 1}
    assert {name: found for name, found in several.items() if name not in DJANGO | CONCEPTS} == {}
    assert several.keys() >= CONCEPTS, "an exception that is none any more"


def _is_module(path: Path) -> bool:
    if {"migrations", "commands", "__pycache__"} & set(path.parts):
        return False
    return (path / "__init__.py").exists() if path.is_dir() else path.suffix == ".py" and not path.stem.startswith("__")
