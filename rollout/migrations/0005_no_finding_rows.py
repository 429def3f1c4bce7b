from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("rollout", "0004_findings_into_runs")]
    operations = [
        migrations.RemoveField(model_name="finding", name="run"),
        migrations.DeleteModel(name="Finding"),
    ]
