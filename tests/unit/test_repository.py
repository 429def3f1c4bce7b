"""Requirements, pre-commit hooks and the documentation index are consistent."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rollout import __version__
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DIRECT = {"run": PROJECT["project"]["dependencies"], "dev": PROJECT["dependency-groups"]["dev"]}
LINE = re.compile(r"--only-binary :all:|[a-z0-9.-]+==\S+( ; [^/]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|( *#.*)?")


def pins(name: str) -> dict[str, str]:
    """Return the pinned version of each package in ``requirements/<name>.txt``."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["run", "dev"])
def test_requirements_have_pins_and_hashes_and_no_index(name: str) -> None:
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


def test_pre_commit_runs_the_commands_of_make_lint_and_downloads_nothing() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    recipe = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0].splitlines()[1:]
    lint = [re.sub(r" (\.|templates)$", "", line.strip().replace("$(BIN)", ".venv/bin")) for line in recipe]
    assert [hook["entry"] for hook in repository["hooks"]] == lint


def test_the_index_names_every_document() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/README.md"])
def test_links_between_documents_lead_to_files(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_docker_limits_the_logs_of_every_container() -> None:
    for name, service in yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].items():
        logging = service["logging"]
        assert (logging["driver"], set(logging["options"])) == ("json-file", {"max-size", "max-file"}), name
