from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rollout", "0005_no_finding_rows")]

    operations = [
        migrations.AddField(
            model_name="checkrun",
            name="lease",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="checkrun",
            index=models.Index(fields=["requested_at"], name="check_run_by_age"),
        ),
        migrations.AddIndex(
            model_name="probehost",
            index=models.Index(
                condition=models.Q(("free_at__isnull", False)), fields=["free_at"], name="probe_host_resting"
            ),
        ),
    ]
