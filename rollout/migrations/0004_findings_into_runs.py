"""Findings move from rows of their own into the run that they are of."""

from typing import Any

from django.db import migrations
from django.db.migrations.state import StateApps

NAMES = ("position", "road", "rule", "outcome", "message", "remedy", "values", "asked", "answered")


def move(apps: StateApps, schema_editor: Any) -> None:
    finding, check_run = apps.get_model("rollout", "Finding"), apps.get_model("rollout", "CheckRun")
    for run in check_run.objects.filter(findings__isnull=False).distinct().only("pk").iterator(chunk_size=500):
        run.judged_findings = [
            {name: getattr(row, name) for name in NAMES}
            | ({"answered_at": row.answered_at.isoformat()} if row.answered_at else {})
            for row in finding.objects.filter(run=run).order_by("road", "position")
        ]
        run.save(update_fields=["judged_findings"])


class Migration(migrations.Migration):
    dependencies = [("rollout", "0003_verification")]
    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
