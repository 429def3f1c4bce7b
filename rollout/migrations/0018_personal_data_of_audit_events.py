"""Personal data of audit events outside the chain. The database refuses every change of it except its erasure."""

import django.db.models.deletion
from django.db import migrations, models

TABLE = "rollout_auditpersonaldata"
REFUSAL = "audit events are append-only"
HALVES = {"actor": ("actor_label", "address", "actor_salt"), "target": ("target_label", "target_salt")}


def is_allowed(same):
    """The condition of an update that leaves each half as it is or erases it. ``same`` compares two values or NULLs."""
    halves = []
    for half, columns in HALVES.items():
        mark = f"{half}_erased_by"
        unchanged = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in (*columns, mark))
        erased = " AND ".join([f"OLD.{mark} IS NULL AND NEW.{mark} IS NOT NULL", *(f"NEW.{c} = ''" for c in columns)])
        halves.append(f"(({unchanged}) OR ({erased}))")
    return f"NEW.event_id = OLD.event_id AND {' AND '.join(halves)}"


POSTGRESQL = [
    f"""
    CREATE FUNCTION rollout_guard_audit_personal_data() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN RAISE EXCEPTION '{REFUSAL}'; END IF;
    IF NOT ({is_allowed("IS NOT DISTINCT FROM")}) THEN RAISE EXCEPTION '{REFUSAL}'; END IF;
    RETURN NEW; END $$
    """,
    f"""
    CREATE TRIGGER rollout_audit_personal_data_guard BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION rollout_guard_audit_personal_data()
    """,
]
SQLITE = [
    f"""
    CREATE TRIGGER rollout_audit_personal_data_no_update BEFORE UPDATE ON {TABLE} WHEN NOT ({is_allowed("IS")})
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """,
    f"""
    CREATE TRIGGER rollout_audit_personal_data_no_delete BEFORE DELETE ON {TABLE}
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """,
]
UNDO = {
    "postgresql": [
        f"DROP TRIGGER rollout_audit_personal_data_guard ON {TABLE}",
        "DROP FUNCTION rollout_guard_audit_personal_data()",
    ],
    "sqlite": [
        "DROP TRIGGER rollout_audit_personal_data_no_update",
        "DROP TRIGGER rollout_audit_personal_data_no_delete",
    ],
}


def forwards(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0017_inventory_imports"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="actor_digest",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="target_digest",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.CreateModel(
            name="AuditPersonalData",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="personal_data",
                        serialize=False,
                        to="rollout.auditevent",
                        to_field="number",
                        verbose_name="audit event",
                    ),
                ),
                ("actor_label", models.CharField(blank=True, max_length=200, verbose_name="actor")),
                ("address", models.CharField(blank=True, max_length=45, verbose_name="IP address")),
                ("actor_salt", models.CharField(blank=True, max_length=32)),
                ("actor_erased_by", models.BigIntegerField(null=True)),
                ("target_label", models.CharField(blank=True, max_length=200, verbose_name="object")),
                ("target_salt", models.CharField(blank=True, max_length=32)),
                ("target_erased_by", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name": "personal data of an audit event",
                "verbose_name_plural": "personal data of audit events",
                "indexes": [
                    models.Index(
                        condition=models.Q(("actor_erased_by__isnull", False)),
                        fields=["actor_erased_by"],
                        name="audit_actor_erased_by",
                    ),
                    models.Index(
                        condition=models.Q(("target_erased_by__isnull", False)),
                        fields=["target_erased_by"],
                        name="audit_target_erased_by",
                    ),
                ],
            },
        ),
        migrations.RunPython(forwards, backwards),
    ]
