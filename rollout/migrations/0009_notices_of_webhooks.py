from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rollout", "0008_held_notices_and_leased_digests")]
    operations = [
        migrations.AlterField(
            "notice",
            "kind",
            models.CharField(
                max_length=16,
                choices=[
                    ("verdict", "A verdict changed"),
                    ("certificate", "A certificate is about to expire"),
                    ("client_id", "A site hands out another client ID"),
                    ("sweep", "A check of many sites failed"),
                    ("webhook", "A webhook was paused"),
                ],
            ),
        )
    ]
