"""The database itself refuses to change or delete an audit event, whoever asks."""

from django.db import migrations

POSTGRESQL = [
    """
    CREATE FUNCTION rollout_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'audit events are append-only'; END $$
    """,
    """
    CREATE TRIGGER rollout_audit_append_only BEFORE UPDATE OR DELETE ON rollout_auditevent
    FOR EACH ROW EXECUTE FUNCTION rollout_refuse_audit_change()
    """,
]
SQLITE = [
    f"""
    CREATE TRIGGER rollout_audit_no_{verb.lower()} BEFORE {verb} ON rollout_auditevent
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """
    for verb in ("UPDATE", "DELETE")
]
UNDO = {
    "postgresql": [
        "DROP TRIGGER rollout_audit_append_only ON rollout_auditevent",
        "DROP FUNCTION rollout_refuse_audit_change()",
    ],
    "sqlite": ["DROP TRIGGER rollout_audit_no_update", "DROP TRIGGER rollout_audit_no_delete"],
}


def forwards(apps, schema_editor):
    statements = POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("rollout", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
