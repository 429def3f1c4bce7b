"""The message catalogue holds the texts of pages and code, with comments for translators."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

CATALOGUE = Path("portal/locale/en/LC_MESSAGES/django.po")


def entries(path: Path) -> str:
    """The catalogue without its header, which has the time of its creation."""
    return path.read_text().split("\n\n", 1)[1]


def test_the_catalogue_is_up_to_date(tmp_path: Path) -> None:
    for name in ("portal", "rollout", "oauth_provider", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    command = [sys.executable, "manage.py", "makemessages", "--locale", "en", "--add-location", "file", "--no-obsolete"]
    made = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "TranslatorCommentWarning" not in made.stderr, made.stderr  # a comment that no translator would see
    assert entries(tmp_path / CATALOGUE) == entries(ROOT / CATALOGUE), "Run make messages and commit the catalogue."
