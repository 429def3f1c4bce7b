from django.db import migrations


class Migration(migrations.Migration):
    """Columns under the names that the code uses. Nothing is rewritten."""

    dependencies = [("rollout", "0009_notices_of_webhooks")]

    operations = [
        migrations.RenameField("checkrun", "judged_at", "evaluated_at"),
        migrations.RenameField("checkrun", "judged_findings", "evaluated_findings"),
        migrations.RenameField("sitecredential", "asked_at", "last_used_at"),
        migrations.RenameField("sweep", "moved_at", "last_finished_at"),
    ]
