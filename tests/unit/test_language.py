"""Banned words: what is written for people and for developers uses plain, standard terms (docs/glossary.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

BANNED = {"road", "roads", "somebody", "nobody", "whoever", "anybody", "gravest", "mend", "mends", "mended"}
# Words, also within snake_case and CamelCase: "road_name", "RoadName" and "ROAD" contain "road", "roadmap" does not.
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# What must keep a banned word, with the reason.
EXCEPTIONS = {
    "CHANGELOG.md": {"roads"},  # the former name of a key, for callers
    "rollout/models/check_run.py": {"road"},  # the key of findings stored by earlier versions
    "tests/unit/test_stored_findings.py": {"road"},  # that such findings load
    "tests/unit/test_language.py": BANNED,
}
PACKAGES = ("portal", "rollout", "oauth_provider", "benchmarks", "tests")


def sources() -> list[Path]:
    """Python sources without migrations, which are never rewritten; templates; the message catalogue; documents."""
    python = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    catalogues = (ROOT / "portal" / "locale").rglob("*.po")
    return [
        *python,
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "templates").rglob("*.txt"),
        *catalogues,
        *documents,
    ]


def banned_words(text: str) -> set[str]:
    return BANNED & {word.lower() for word in _WORD.findall(text)}


def test_no_source_uses_a_banned_word() -> None:
    found = {}
    for path in sources():
        name = str(path.relative_to(ROOT))
        if words := banned_words(path.read_text()) - EXCEPTIONS.get(name, set()):
            found[name] = words
    assert found == {}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_every_exception_is_needed(name: str) -> None:
    assert banned_words((ROOT / name).read_text()) >= EXCEPTIONS[name]


@pytest.mark.parametrize("text", ["the road", "Roads", "road_name", "RoadName", "nearestRoad", "NOBODY", "is mended"])
def test_a_banned_word_is_found(text: str) -> None:
    assert banned_words(text)


@pytest.mark.parametrize("text", ["roadmap", "broad", "amend", "recommend", "nobodyelse"])
def test_longer_words_are_fine(text: str) -> None:
    assert not banned_words(text)
