"""Migrations expand first: the code of the previous release can still read and write after each of them.

``tests/cases/upgrades/previous.json`` names that release and its last migrations. Older migrations may do anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

from tests.support.paths import ROOT

PREVIOUS: dict[str, str] = json.loads((ROOT / "tests/cases/upgrades/previous.json").read_text())["migrations"]
LOADER = MigrationLoader(None)
NEVER = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


def newer(app: str, name: str) -> list[tuple[str, str]]:
    """Return the migrations of the app that come after this one."""
    before = set(LOADER.graph.forwards_plan((app, name)))
    return [key for key in LOADER.disk_migrations if key[0] == app and key not in before]


def faults(migration: Migration, state: ProjectState, *, previous: ProjectState) -> Iterator[str]:
    """Return what a migration of this state does that the release with the previous one cannot cope with."""
    for operation in migration.operations:
        for part in _on_database(operation):
            fault = _fault(part, migration.app_label, state)
            if fault and _is_known(part, migration.app_label, previous):
                yield f"{migration}: {part.describe()}: {fault}"
        operation.state_forwards(migration.app_label, state)


def _on_database(operation: Operation) -> list[Operation]:
    """Return the parts that change the database: the state alone may forget a column that stays."""
    is_separate = isinstance(operation, migrations.SeparateDatabaseAndState)
    return list(operation.database_operations) if is_separate else [operation]


def _is_known(operation: Operation, app: str, previous: ProjectState) -> bool:
    """Return whether the previous release has the model and, of a removal or renaming, the field."""
    names = [getattr(operation, name, "") for name in ("model_name_lower", "old_name_lower", "name_lower")]
    if isinstance(operation, migrations.RemoveField | migrations.RenameField):
        model = previous.models.get((app, names[0]))
        return model is not None and (names[1] or names[2]) in model.fields
    return (app, next(filter(None, names))) in previous.models


def _fault(operation: Operation, app: str, state: ProjectState) -> str:
    if isinstance(operation, NEVER):
        return "the previous release uses this table or column: take it out of the state, drop it one release later"
    if isinstance(operation, migrations.AddField) and _must_be_sent(operation.field):
        return "the previous release does not write this column: give it db_default, or allow null"
    if isinstance(operation, migrations.AlterField):
        old = state.models[app, operation.model_name_lower].fields[operation.name_lower]
        if old.null and _must_be_sent(operation.field):
            return "the previous release writes null"
        if _length(operation.field) < _length(old):
            return "the previous release writes longer texts"
        if operation.field.get_internal_type() != old.get_internal_type():
            return "the previous release writes another type"
    return ""


def _must_be_sent(field: models.Field) -> bool:
    """Return whether an INSERT without this column fails."""
    return not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)


def _length(field: models.Field) -> float:
    return field.max_length or float("inf")


@pytest.mark.parametrize("app", PREVIOUS)
def test_new_migrations_expand_only(app: str) -> None:
    previous = LOADER.project_state(list(PREVIOUS.items()))
    found = []
    for key in newer(app, PREVIOUS[app]):
        state = LOADER.project_state(key, at_end=False)
        found += faults(LOADER.disk_migrations[key], state, previous=previous)
    assert found == []


BEFORE = ("rollout", "0001_initial")
SITE = LOADER.project_state(BEFORE).models["rollout", "site"].fields


def faults_on_site(*operations: Operation) -> list[str]:
    """Return the faults of these operations after the first migration, which is the previous release's."""
    migration = Migration("test", "rollout")
    migration.operations = list(operations)
    return list(faults(migration, LOADER.project_state(BEFORE), previous=LOADER.project_state(BEFORE)))


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (migrations.RemoveField("Site", "title"), "uses this table or column"),
        (migrations.RenameField("Site", "title", "name"), "uses this table or column"),
        (migrations.DeleteModel("Site"), "uses this table or column"),
        (migrations.RenameModel("Site", "Place"), "uses this table or column"),
        (migrations.AlterModelTable("Site", "place"), "uses this table or column"),
        (migrations.AddField("Site", "new", models.IntegerField(default=0)), "does not write this column"),
        (migrations.AlterField("Site", "slug", models.SlugField(max_length=40)), "writes null"),
        (migrations.AlterField("Site", "slug", models.SlugField(max_length=2, null=True)), "writes longer texts"),
        (migrations.AlterField("Site", "slug", models.IntegerField(null=True)), "writes another type"),
    ],
)
def test_what_the_previous_release_cannot_cope_with(operation: Operation, fault: str) -> None:
    [found] = faults_on_site(operation)
    assert fault in found


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("Site", "new", models.IntegerField(null=True)),
        migrations.AddField("Site", "new", models.IntegerField(db_default=0)),
        migrations.AddField("Site", "new", models.ManyToManyField("rollout.Site")),
        migrations.AlterField("Site", "slug", SITE["slug"]),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("Site", "title")]),
    ],
)
def test_what_it_can_cope_with(operation: Operation) -> None:
    assert faults_on_site(operation) == []


def test_a_model_that_it_does_not_have_may_change() -> None:
    new = migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True)), ("a", models.TextField())])
    changes = [migrations.AddField("New", "b", models.IntegerField()), migrations.RemoveField("New", "a")]
    assert faults_on_site(new, *changes, migrations.DeleteModel("New")) == []
