import django.core.validators
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0007_first_matrix_edition"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField("notice", "held_until", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "notice",
            models.UniqueConstraint(
                fields=["subject"], condition=Q(held_until__isnull=False), name="one_held_notice_per_subject"
            ),
        ),
        migrations.AddIndex(
            "notice",
            models.Index(fields=["held_until"], name="notice_held", condition=Q(held_until__isnull=False)),
        ),
        migrations.AddIndex("notice", models.Index(fields=["at"], name="notice_by_time")),
        migrations.AddField(
            "notificationpreference", "only_followed", models.BooleanField(default=False, verbose_name="sites")
        ),
        migrations.AddField(
            "notificationpreference", "hour", models.PositiveSmallIntegerField(default=8, verbose_name="hour")
        ),
        migrations.AddField(
            "notificationpreference",
            "time_zone",
            models.CharField(
                blank=True,
                max_length=64,
                validators=[django.core.validators.ProhibitNullCharactersValidator()],
                verbose_name="time zone",
            ),
        ),
        migrations.AddField("notificationpreference", "chosen_at", models.DateTimeField(null=True)),
        migrations.AddField("notificationpreference", "next_digest_at", models.DateTimeField(null=True)),
        migrations.AddField("notificationpreference", "lease_until", models.DateTimeField(null=True)),
        migrations.AddField("notificationpreference", "failures", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("notificationpreference", "failed_because", models.CharField(blank=True, max_length=200)),
        migrations.AddIndex("notificationpreference", models.Index(fields=["next_digest_at"], name="digest_due")),
        migrations.AddField("webhook", "failures", models.PositiveIntegerField(default=0, editable=False)),
        migrations.AddField("webhook", "failing_since", models.DateTimeField(null=True, editable=False)),
        migrations.AddField("webhook", "not_before", models.DateTimeField(null=True, editable=False)),
        migrations.AddField("webhookdelivery", "tries", models.PositiveSmallIntegerField(default=0)),
    ]
