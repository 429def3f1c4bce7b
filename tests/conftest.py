"""Configuration of all tests: environment of the settings, servers, plugins and the test database."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
from django.conf import settings

from tests.support.environment import (  # must be imported before Django, because it sets the environment
    RUN,
    SERVERS,
    STATE,
)
from tests.support.servers import libpq

(STATE / "static").mkdir()
settings.DATABASES["default"]["TEST"] = {"NAME": RUN}
if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    settings.DATABASES["default"]["TEST"] = {"NAME": str(STATE / "test.sqlite3")}
# A persistent connection of a live server thread would keep the test database in use.
settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Files are served from static/; the tests of the supervisor test collectstatic.
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
django.setup()

from django.db import connection  # noqa: E402

# The duration of an example depends on the machine more than on the code.
hypothesis.settings.register_profile("gatepass", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("gatepass")

pytest_plugins = [
    "tests.support.browser",
    "tests.support.conformance",
    "tests.support.german",
    "tests.support.people",
    "tests.support.provider_fixtures",
    "tests.support.raw_server",
    "tests.support.simulated_sites",
    "tests.support.worker",
    "tests.support.world",
]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Block network access except to loopback, unix sockets and the servers in the environment."""
    config.option.allow_hosts = ",".join(["127.0.0.0/8", "::1", "localhost", *SERVERS.hosts])
    config.option.allow_unix_socket = True


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each process of a parallel run set its own environment (see above)."""
    os.environ.pop("DJANGO_SETTINGS_MODULE")


def pytest_report_header() -> str:
    private = " (private, started when needed)" if SERVERS.to_start else ""
    return f"database: {connection.vendor}, run {RUN}{private}"


def pytest_unconfigure() -> None:
    shutil.rmtree(STATE, ignore_errors=True)


# --- Servers ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def test_servers_running() -> Iterator[None]:
    """PostgreSQL and Redis, running."""
    with SERVERS.running():
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(test_servers_running: None) -> None:
    """Start the servers before pytest-django creates the test database from the template."""
    if connection.vendor == "postgresql":
        from tests.support.template_database import template_database

        if "TEST_DATABASE_URL" not in os.environ:
            _drop_databases_of_dead_runs()
        connection.settings_dict["TEST"]["TEMPLATE"] = template_database()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Test database; broker and cache are emptied before and after the run."""
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            _drop_audit_triggers_during_flush()
    _empty_redis()
    yield
    _empty_redis()


def _drop_databases_of_dead_runs() -> None:
    """Drop databases of killed runs, which are recognized by the process id in the name."""
    import psycopg
    from psycopg import sql

    with contextlib.suppress(psycopg.Error), psycopg.connect(libpq(SERVERS.database_url), autocommit=True) as server:
        for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'gatepass_test_%'"):
            pid = name.split("_")[2]  # gatepass_test_1234, gatepass_test_1234_race
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _empty_redis() -> None:
    import redis

    for url in (SERVERS.redis_url, SERVERS.broker_redis_url):
        with redis.Redis.from_url(url) as client:
            client.flushdb()


def _drop_audit_triggers_during_flush() -> None:
    """Drop the triggers of the audit log during a flush, because SQLite empties tables with DELETE."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
    sql_flush = connection.ops.sql_flush

    def flush(*args: Any, **kwargs: Any) -> list[str]:
        statements = sql_flush(*args, **kwargs)
        if not statements:
            return statements
        return [*(f"DROP TRIGGER {name}" for name, _ in triggers), *statements, *(sql for _, sql in triggers)]

    connection.ops.sql_flush = flush


@pytest.fixture(autouse=True)
def clear_matrix_cache() -> None:
    """Clear the cached matrix edition, because the edition of an earlier test was rolled back."""
    from rollout.services import matrix

    matrix.clear_cache()
