import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0002_audit_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AppInventory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.CharField(
                        choices=[("confluence", "Confluence Data Center"), ("jira", "Jira Data Center")],
                        max_length=16,
                        verbose_name="app",
                    ),
                ),
                ("imported_at", models.DateTimeField()),
                (
                    "file_name",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                    ),
                ),
                ("phones", models.PositiveIntegerField(default=0)),
                ("too_old", models.PositiveIntegerField(default=0)),
                ("unreadable", models.PositiveIntegerField(default=0)),
                ("needed", models.CharField(max_length=40)),
                ("versions", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="InventoryPhone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "device",
                    models.CharField(
                        max_length=200,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="device",
                    ),
                ),
                (
                    "version",
                    models.CharField(
                        blank=True,
                        max_length=60,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="app version",
                    ),
                ),
                ("too_old", models.BooleanField(null=True)),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="MatrixEdition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "as_of",
                    models.DateField(help_text="The day the source page was last modified.", verbose_name="as of"),
                ),
                ("source", models.URLField(max_length=500, verbose_name="source")),
                (
                    "note",
                    models.TextField(
                        blank=True,
                        max_length=2000,
                        validators=[
                            django.core.validators.ProhibitNullCharactersValidator(),
                            django.core.validators.MaxLengthValidator(4000),
                        ],
                        verbose_name="what changed",
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                ("in_force_at", models.DateTimeField(editable=False, null=True, verbose_name="in force since")),
            ],
            options={
                "verbose_name": "matrix edition",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="MatrixLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "product",
                    models.CharField(
                        choices=[("confluence", "Confluence Data Center"), ("jira", "Jira Data Center")],
                        max_length=16,
                        verbose_name="product",
                    ),
                ),
                ("source", models.URLField(max_length=500, verbose_name="source")),
                (
                    "redirect_url",
                    models.CharField(
                        max_length=200,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="redirect URL",
                    ),
                ),
                (
                    "app",
                    models.CharField(
                        max_length=40,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="iOS app",
                    ),
                ),
                (
                    "since",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="from version",
                    ),
                ),
                (
                    "below",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="below version",
                    ),
                ),
                (
                    "server",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="first version that works",
                    ),
                ),
                (
                    "oauth_plugin",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="OAuth plugin",
                    ),
                ),
                (
                    "mobile_plugin",
                    models.CharField(
                        blank=True,
                        max_length=40,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="mobile plugin",
                    ),
                ),
                (
                    "unclear",
                    models.CharField(
                        blank=True,
                        help_text="Set instead of the versions when the source does not say whether this line works.",
                        max_length=300,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="why unclear",
                    ),
                ),
            ],
            options={
                "verbose_name": "matrix line",
                "ordering": ["edition", "position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("verdict", "A verdict changed"),
                            ("certificate", "A certificate is about to expire"),
                            ("client_id", "A site hands out another client ID"),
                            ("sweep", "A check of many sites failed"),
                        ],
                        max_length=16,
                    ),
                ),
                ("subject", models.CharField(max_length=200)),
                ("details", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="NotificationPreference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "every",
                    models.CharField(
                        choices=[("never", "Never"), ("hour", "At most hourly"), ("day", "Once a day")],
                        default="day",
                        max_length=8,
                        verbose_name="e-mail",
                    ),
                ),
                ("kinds", models.JSONField(default=list)),
                ("digest_up_to", models.BigIntegerField(default=0)),
                ("digest_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ProbeHost",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("host", models.CharField(max_length=300, unique=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("lease", models.CharField(blank=True, max_length=40)),
                ("free_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SiteCredential",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.TextField(editable=False)),
                ("stored_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("refused_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SiteFollow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("follows", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Sweep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "trigger",
                    models.CharField(
                        choices=[("schedule", "Schedule"), ("button", "Button"), ("command", "Command line")],
                        max_length=16,
                        verbose_name="started by",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("paused", "Paused"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("paused_at", models.DateTimeField(null=True)),
                ("paused_seconds", models.PositiveIntegerField(default=0)),
                ("moved_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("failing", models.PositiveIntegerField(default=0)),
                ("broken", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("summary", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        max_length=80,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="name",
                    ),
                ),
                (
                    "url",
                    models.CharField(
                        max_length=500,
                        validators=[django.core.validators.ProhibitNullCharactersValidator()],
                        verbose_name="URL",
                    ),
                ),
                ("kinds", models.JSONField(default=list)),
                ("secret", models.TextField(editable=False)),
                ("old_secret", models.TextField(blank=True, editable=False)),
                ("old_secret_until", models.DateTimeField(editable=False, null=True)),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("paused_because", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(editable=False)),
                ("sent_up_to", models.BigIntegerField(default=0)),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(unique=True)),
                ("event", models.CharField(max_length=40)),
                ("body", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("delivered", "Delivered"), ("failed", "Given up")],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("attempts", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.RemoveIndex(
            model_name="checkrun",
            name="check_run_waiting",
        ),
        migrations.AddField(
            model_name="checkrun",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="checkrun",
            name="host",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="checkrun",
            name="judged_findings",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="checkrun",
            name="urgent",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="site",
            name="ca_bundle",
            field=models.TextField(
                blank=True,
                help_text="PEM certificates of a private authority that this site's certificate comes from.",
                max_length=100000,
                verbose_name="CA certificates",
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="failed_checks",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="site",
            name="mobile_plugin_enabled",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="site",
            name="oauth_plugin_enabled",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="site",
            name="plugin_versions_source",
            field=models.CharField(
                blank=True,
                choices=[
                    ("manual", "Entered by hand"),
                    ("upm_json", "Pasted from the plugin manager"),
                    ("upm_token", "Read from the plugin manager"),
                    ("gatepass", "Provided by Gatepass"),
                ],
                default="",
                editable=False,
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="through_proxy",
            field=models.BooleanField(
                default=False,
                help_text="Checks of this site go through the proxy that the PROBE_PROXY setting names.",
                verbose_name="ask through the outbound proxy",
            ),
        ),
        migrations.AlterField(
            model_name="checkrun",
            name="matrix",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AlterField(
            model_name="checkrun",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("added", "Site added"),
                    ("edited", "Site edited"),
                    ("button", "Check now"),
                    ("schedule", "Schedule"),
                    ("command", "Command line"),
                    ("sweep", "Check of many sites"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="appinventory",
            name="imported_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="inventoryphone",
            name="inventory",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="devices", to="rollout.appinventory"
            ),
        ),
        migrations.AddField(
            model_name="matrixedition",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="matrixline",
            name="edition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="rollout.matrixedition"
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="run",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="rollout.checkrun"
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="site",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="rollout.site"
            ),
        ),
        migrations.AddField(
            model_name="notificationpreference",
            name="person",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notification_preference",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="probehost",
            index=models.Index(
                condition=models.Q(("leased_until__isnull", False)), fields=["leased_until"], name="probe_host_leased"
            ),
        ),
        migrations.AddField(
            model_name="sitecredential",
            name="site",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="credential", to="rollout.site"
            ),
        ),
        migrations.AddField(
            model_name="sitecredential",
            name="stored_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="sitefollow",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="site_follows", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="sitefollow",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="follows", to="rollout.site"
            ),
        ),
        migrations.AddField(
            model_name="sweep",
            name="requested_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="sweep",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="rollout.sweep"
            ),
        ),
        migrations.AddField(
            model_name="checkrun",
            name="sweep",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="runs", to="rollout.sweep"
            ),
        ),
        migrations.AddIndex(
            model_name="checkrun",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=["-urgent", "id"],
                name="check_run_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="checkrun",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=["host"],
                name="check_run_unfinished_host",
            ),
        ),
        migrations.AddIndex(
            model_name="checkrun",
            index=models.Index(fields=["sweep", "id"], name="check_run_by_sweep"),
        ),
        migrations.AddConstraint(
            model_name="checkrun",
            constraint=models.UniqueConstraint(fields=("site", "due_at"), name="one_check_run_per_due_time"),
        ),
        migrations.AddField(
            model_name="webhook",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="webhook",
            name="sites",
            field=models.ManyToManyField(blank=True, related_name="webhooks", to="rollout.site", verbose_name="sites"),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="webhook",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="rollout.webhook"
            ),
        ),
        migrations.AddIndex(
            model_name="appinventory",
            index=models.Index(fields=["product", "-id"], name="inventory_newest"),
        ),
        migrations.AddIndex(
            model_name="inventoryphone",
            index=models.Index(fields=["inventory", "too_old", "device"], name="inventory_too_old"),
        ),
        migrations.AddConstraint(
            model_name="inventoryphone",
            constraint=models.UniqueConstraint(fields=("inventory", "device"), name="one_row_per_device"),
        ),
        migrations.AddIndex(
            model_name="matrixedition",
            index=models.Index(fields=["-in_force_at", "-id"], name="matrix_in_force"),
        ),
        migrations.AddConstraint(
            model_name="sitefollow",
            constraint=models.UniqueConstraint(fields=("person", "site"), name="one_follow_per_person_and_site"),
        ),
        migrations.AddConstraint(
            model_name="sweep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["running", "paused"]), ("trigger", "schedule")),
                fields=("trigger",),
                name="one_unfinished_scheduled_sweep",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["subject", "-at"], name="notice_by_subject"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["webhook", "-id"], name="delivery_by_webhook"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="delivery_waiting"
            ),
        ),
    ]
