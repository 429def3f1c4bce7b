"""The files beside the code agree with each other: requirements and the version."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rollout import __version__
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DIRECT = {"run": PROJECT["project"]["dependencies"], "dev": PROJECT["dependency-groups"]["dev"]}
LINE = re.compile(r"--only-binary :all:|[a-z0-9.-]+==\S+( ; [^/]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|( *#.*)?")


def pins(name: str) -> dict[str, str]:
    """The pinned version of each package of ``requirements/<name>.txt``."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["run", "dev"])
def test_requirements_hold_pins_and_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert [line for line in text.splitlines() if not LINE.fullmatch(line)] == []
    assert "://" not in text


@pytest.mark.parametrize("name", ["run", "dev"])
def test_every_direct_dependency_is_bounded_and_pinned_within_its_bounds(name: str) -> None:
    pinned = pins(name)
    for requirement in map(Requirement, DIRECT[name]):
        assert {bound.operator for bound in requirement.specifier} == {">=", "<"}, requirement
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_no_direct_dependency_is_listed_twice() -> None:
    names = [canonicalize_name(Requirement(text).name) for texts in DIRECT.values() for text in texts]
    assert len(names) == len(set(names))


def test_both_requirement_files_agree() -> None:
    run, dev = pins("run"), pins("dev")
    assert [name for name in run.keys() & dev.keys() if run[name] != dev[name]] == []


def test_the_version_is_stated_once() -> None:
    assert "version" not in PROJECT["project"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
