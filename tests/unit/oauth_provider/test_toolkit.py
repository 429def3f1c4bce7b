"""The installed django-oauth-toolkit is as our SQL and our overrides assume it to be.

If one of these fails after an update: docs/provider.md, "A new version of django-oauth-toolkit".
"""

from __future__ import annotations

import json
import re

import pytest
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from oauth_provider.tokens import sql
from tests.support import toolkit

KNOWN = json.loads(toolkit.FILE.read_text())
NOW = toolkit.snapshot()
HINT = 'see docs/provider.md, "A new version of django-oauth-toolkit"'
USES = [(ours, path) for ours, paths in toolkit.SOURCES.items() for path in paths]


def test_this_version_was_compared() -> None:
    assert NOW["version"] == KNOWN["version"], HINT


@pytest.mark.parametrize("model", toolkit.MODELS)
def test_columns_are_as_our_sql_assumes(model: str) -> None:
    known, now = KNOWN["columns"][model], NOW["columns"][model]
    changed = [
        f"{model}.{column}: was {known.get(column, 'absent')}, is {now.get(column, 'absent')}"
        for column in sorted(known.keys() | now.keys())
        if known.get(column) != now.get(column)
    ]
    assert changed == [], f"oauth_provider/tokens/sql.py writes this table; {HINT}"


@pytest.mark.parametrize(("ours", "path"), USES)
def test_code_that_ours_replaces_is_unchanged(ours: str, path: str) -> None:
    assert NOW["sources"][path] == KNOWN["sources"].get(path), f"{path} has changed, {ours} depends on it; {HINT}"


INSERTS = re.findall(r"INSERT INTO \{(\w+)\}\s*\(([^)]+)\)", " ".join(sql._STATEMENTS.values()))
WRITTEN = {"grant": get_grant_model(), "access": get_access_token_model(), "refresh": get_refresh_token_model()}


@pytest.mark.parametrize("table", WRITTEN)
def test_an_insert_names_every_column_that_needs_a_value(table: str) -> None:
    """The ORM would send a field's default; a column of a new version is missing from hand-written SQL."""
    [columns] = [set(re.findall(r"\w+", columns)) for name, columns in INSERTS if name == table]
    model = WRITTEN[table]
    assert toolkit.required_columns(model) <= columns, HINT
    assert columns <= {field.column for field in model._meta.concrete_fields}, HINT
