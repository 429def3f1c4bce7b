"""Move a trial to production: copy everything from its SQLite database to an empty PostgreSQL database.

Stop the trial first. The target must be empty; nothing remains in it if the copy fails. The trial stays as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from portal.database import table_copy
from portal.environment import Environment
from portal.management.commands.up import lock
from rollout.models import Site

env = Environment(os.environ)
KEYS = (
    ("SECRET_KEY", "browser sessions, phones, sign-in links"),
    ("CREDENTIAL_KEYS", "stored tokens, second factors, webhook secrets"),
    ("AUDIT_KEYS", "the signatures of the audit log"),
)


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to",
            required=True,
            metavar="FILE|URL",
            help="the target as in DATABASE_URL, or a file that holds it, such as secrets/database_url",
        )

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        if connection.vendor != "sqlite":
            raise CommandError("DATABASE_URL is not the SQLite database of a trial.")
        url = read_url(to)
        settings.STATE_DIR.mkdir(parents=True, exist_ok=True)
        with lock(settings.STATE_DIR / "up.lock"), table_copy.target_connection(read_database(url)) as target:
            try:
                table_copy.require_known_tables()
                table_copy.require_empty(target)
                manage_target(url, "migrate", "--no-input", "--verbosity", "0")
                counts = table_copy.copy_rows(target)
            except table_copy.CopyError as error:
                raise CommandError(f"Nothing was copied. {error}") from error
            except DatabaseError as error:
                raise CommandError(f"Nothing was copied. The target fails: {type(error).__name__}.") from error
        for table, count in counts.items():
            self.stdout.write(f"{table:45} {count:>9}")
        self.stdout.write(f"{sum(counts.values())} rows in {len(counts)} tables; both databases have the same counts.")
        manage_target(url, "verify_audit")
        self.stdout.write(next_steps())


def read_url(text: str) -> str:
    """Return the URL, or that in the file of this name. Raises CommandError."""
    if "://" in text:
        return text
    try:
        return Path(text).read_text().strip()
    except OSError as error:
        raise CommandError(f"{text} cannot be read: {error.strerror}.") from error


def read_database(url: str) -> dict[str, Any]:
    """Return the URL as a value for ``DATABASES``. Raises CommandError unless it is one of PostgreSQL."""
    if url.partition("://")[0] not in {"postgres", "postgresql"}:
        raise CommandError("The target must be a PostgreSQL database: postgres://user:password@host:5432/database")
    database = Environment({"DATABASE_URL": url}).database("DATABASE_URL", default="")
    return {**database, "OPTIONS": {"connect_timeout": 5, **database.get("OPTIONS", {})}}


def manage_target(url: str, *arguments: str) -> None:
    """Run ``manage.py`` with the target as its database, as production does. Raises CommandError."""
    done = subprocess.run(  # noqa: S603  (our own command lines)
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=env.for_child(DATABASE_URL=url),
        check=False,
    )
    if done.returncode:
        raise CommandError(f"manage.py {arguments[0]} has failed at the target. Do not use it.")


def next_steps() -> str:
    """Return what else has to move, and what changes."""
    lines = ["", "Production needs the trial's keys:"]
    for name, purpose in KEYS:
        file = env.file_of(name)
        where = (
            f"the content of {file}" if file else "its value" if getattr(settings, name) else "not set: leave it out"
        )
        lines.append(f"  {name}: {where} ({purpose})")
    if hosted := Site.objects.exclude(slug=None).count():
        address = f"while PUBLIC_URL is {settings.PUBLIC_URL}"
        lines.append(f"Hosted sites ({hosted}) keep their base URL: their phones and links work {address}.")
    lines.append("Do not start the trial again: both would use the same sign-ins.")
    return "\n".join(lines)
