import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oauth2_provider", "0022_refreshtoken_token_family_index"),
        ("oauth_provider", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Device",
            fields=[
                (
                    "refresh_token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="device",
                        serialize=False,
                        to="oauth2_provider.refreshtoken",
                    ),
                ),
                ("name", models.CharField(blank=True, default="", max_length=60, verbose_name="name")),
                ("user_agent", models.CharField(blank=True, default="", max_length=200)),
                ("address", models.GenericIPAddressField(blank=True, null=True, verbose_name="address")),
            ],
        ),
    ]
