"""Migrated PostgreSQL database that the processes of a run copy, so that the migrations run once.

It is kept after the run. Its name contains a hash of all migrations, so an edited migration creates a new template.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
from django.apps import apps
from django.utils import timezone
from psycopg import sql

from .environment import RUN, SERVERS
from .paths import ROOT
from .servers import libpq

PREFIX = "gatepass_template_"
KEEP_UNUSED_FOR = timedelta(days=7)  # after its last use
LOCK = 72_517_730  # advisory lock: one process at a time looks for the template or creates it


def url_of(name: str) -> str:
    """Return the URL of another database on the test server."""
    return f"{SERVERS.database_url.rpartition('/')[0]}/{name}"


@contextlib.contextmanager
def migrated_database(suffix: str) -> Iterator[str]:
    """Yield the URL of a new database with all tables and drop it afterwards."""
    name, template = sql.Identifier(f"{RUN}_{suffix}"), sql.Identifier(template_database())
    with psycopg.connect(libpq(SERVERS.database_url), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        yield url_of(f"{RUN}_{suffix}")
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def template_database() -> str:
    """Return the name of the template; create and migrate it if it does not exist."""
    name = PREFIX + _hash_of_migrations()
    with psycopg.connect(libpq(SERVERS.database_url), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _drop_unused_templates(server)
            unfinished = f"{RUN}_template"
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
            command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url_of(unfinished)}, check=True)
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            server.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
        used = sql.SQL("COMMENT ON DATABASE {} IS {}")
        server.execute(used.format(sql.Identifier(name), sql.Literal(timezone.now().date().isoformat())))
    return name


def _hash_of_migrations() -> str:
    digest = hashlib.sha256()
    for app in sorted(apps.get_app_configs(), key=lambda app: app.name):
        for file in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(f"{app.name}.{file.name}".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _drop_unused_templates(server: psycopg.Connection) -> None:
    before = (timezone.now().date() - KEEP_UNUSED_FOR).isoformat()
    rows = server.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s AND shobj_description(oid, 'pg_database') < %s",
        [f"{PREFIX}%", before],
    )
    for (name,) in rows.fetchall():
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
