"""The matrix that was built in becomes the first edition in force."""

from datetime import date
from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps
from django.utils import timezone

CONFLUENCE_PAGE = "https://confluence.atlassian.com/doc/configure-oauth-2-0-for-confluence-ios-1442846594.html"
JIRA_PAGE = "https://confluence.atlassian.com/jirasoftwareserver0914/configure-oauth-2-0-for-jira-ios-1453424724.html"
JIRA = {
    "product": "jira",
    "source": JIRA_PAGE,
    "redirect_url": "jira-server://oauth-callback",
    "app": "2.0",
}
LINES: list[dict[str, str]] = [
    {
        "product": "confluence",
        "source": CONFLUENCE_PAGE,
        "redirect_url": "confluence-server://oauth-callback",
        "app": "2.0",
        "server": "9.1",
        "oauth_plugin": "4.1.1",
        "mobile_plugin": "19.1.47",
    },
    {**JIRA, "server": "9.12.14", "oauth_plugin": "3.1.14", "below": "9.13"},
    {
        **JIRA,
        "since": "9.13",
        "below": "10.1",
        "unclear": (
            "Jira %(found)s lies between the two lines that Atlassian names, 9.12.14 and 10.1.0. "
            "Atlassian does not say whether OAuth 2.0 works for the app there."
        ),
    },
    {**JIRA, "server": "10.1.0", "oauth_plugin": "4.1.0", "since": "10.1"},
]


def enter(apps: StateApps, schema_editor: Any) -> None:
    editions, lines = apps.get_model("rollout", "MatrixEdition"), apps.get_model("rollout", "MatrixLine")
    if editions.objects.exists():
        return
    now = timezone.now()
    edition = editions.objects.create(as_of=date(2024, 10, 7), source=CONFLUENCE_PAGE, created_at=now, in_force_at=now)
    lines.objects.bulk_create(
        [lines(edition=edition, position=position, **line) for position, line in enumerate(LINES, start=1)]
    )


class Migration(migrations.Migration):
    dependencies = [("rollout", "0006_leases_of_check_runs")]
    operations = [
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
                    ("rejudged", "Judged again"),
                ],
                max_length=16,
            ),
        ),
        migrations.RunPython(enter, migrations.RunPython.noop),
    ]
