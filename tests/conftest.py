"""What every test shares: the environment the settings read, real servers, a real worker, and people."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import servers as test_servers

ROOT = Path(__file__).resolve().parent.parent
STATE = test_servers.temporary_directory()
SERVERS = test_servers.choose(STATE)
RUN = f"gatepass_test_{os.getpid()}"
PORT = test_servers.free_port()

# Chosen before Django reads its settings. The live server takes the port that PUBLIC_URL names, so that the page,
# the worker and the issuer of tokens agree on one address.
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "portal.settings",
    "DJANGO_LIVE_TEST_SERVER_ADDRESS": f"127.0.0.1:{PORT}",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # Playwright's own loop runs in the thread of the test
    "SECRET_KEY": "for tests only: long enough, and known to everybody",
    "CREDENTIAL_KEYS": "Zm9yIHRlc3RzIG9ubHkgICAgICAgICAgICAgICAgICA=",
    "PUBLIC_URL": f"http://127.0.0.1:{PORT}",
    "PROBE_ALLOW_LOOPBACK": "1",
    "DATABASE_URL": SERVERS.database_url,
    "REDIS_URL": SERVERS.redis_url,
    "CELERY_BROKER_URL": SERVERS.broker_url,
    "CELERY_QUEUE": RUN,
    "STATE_DIR": str(STATE),
    "LOG_LEVEL": "WARNING",
}
# Hundreds of tests ask from one address; those of the limits turn them on.
os.environ |= {
    f"RATE_LIMIT_{endpoint}_{kind}": "off"
    for endpoint in ("TOKEN", "INTROSPECTION", "AUTHORIZE", "SIGN_IN")
    for kind in ("ADDRESS", "WHO", "FAILURES")
}
for name in (
    "DEBUG",
    "DEMO",
    "ALLOWED_HOSTS",
    "SECRET_KEY_FILE",
    "CREDENTIAL_KEYS_FILE",
    "BEHIND_PROXY",
    "PROBE_ALLOWED_NETWORKS",
):
    os.environ.pop(name, None)

import django  # noqa: E402
from django.conf import settings  # noqa: E402

(STATE / "static").mkdir()
settings.DATABASES["default"]["TEST"] = {"NAME": RUN}
if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    settings.DATABASES["default"]["TEST"] = {"NAME": str(STATE / "test.sqlite3")}
settings.DATABASES["default"]["CONN_MAX_AGE"] = 0  # a live server thread that keeps one would hold the database
settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Files as they lie in static/: what collectstatic makes of them is tested where the supervisor is.
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
django.setup()

from django.apps import apps  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from portal.models import Role, User  # noqa: E402
from rollout.models import MatrixEdition, Site  # noqa: E402


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Close the network but for loopback, unix sockets and the servers that the environment names."""
    config.option.allow_hosts = ",".join(["127.0.0.0/8", "::1", "localhost", *SERVERS.hosts])
    config.option.allow_unix_socket = True


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Each of several processes reads the settings by the environment it chooses itself, above."""
    os.environ.pop("DJANGO_SETTINGS_MODULE")


def pytest_report_header() -> str:
    private = " (private, started when needed)" if SERVERS.to_start else ""
    return f"database: {connection.vendor}, run {RUN}{private}"


def pytest_unconfigure() -> None:
    shutil.rmtree(STATE, ignore_errors=True)


# --- Servers ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def test_servers_running() -> Iterator[None]:
    """PostgreSQL and Redis answer."""
    with SERVERS.running():
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(test_servers_running: None) -> None:
    """Start the servers before pytest-django makes the test database."""
    if connection.vendor == "postgresql" and "TEST_DATABASE_URL" not in os.environ:
        _drop_databases_of_dead_runs()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, its broker and cache empty at the start and removed at the end."""
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            _let_flush_pass_the_audit_triggers()
    _empty_redis()
    yield
    _empty_redis()


def _drop_databases_of_dead_runs() -> None:
    """A run that was killed leaves its database behind; the process id in the name says whether it still runs."""
    import psycopg
    from psycopg import sql

    with contextlib.suppress(psycopg.Error), psycopg.connect(SERVERS.database_url, autocommit=True) as server:
        for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'gatepass_test_%'"):
            pid = name.removeprefix("gatepass_test_")
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _empty_redis() -> None:
    import redis

    for url in (SERVERS.redis_url, SERVERS.broker_redis_url):
        with redis.Redis.from_url(url) as client:
            client.flushdb()


def _let_flush_pass_the_audit_triggers() -> None:
    """SQLite empties tables by DELETE, which the audit trail refuses: lift its triggers for the flush only."""
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


# --- The worker ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worker:
    """A running Celery worker: its process, and the log to read when something does not come back."""

    process: subprocess.Popen[bytes]
    log: Path


def child_environment() -> dict[str, str]:
    """The environment of a Gatepass process that works on the test database."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        parts = urlsplit(SERVERS.database_url)
        url = parts._replace(path=f"{parts.path.rpartition('/')[0]}/{name}").geturl()
    return {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "INFO"}


@pytest.fixture(scope="session")
def worker_process(django_db_setup: None) -> Iterator[Worker]:
    """One real worker for the whole run, on the test database and the run's own queue."""
    log = STATE / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "portal", "worker", "--concurrency", "2"]
    command += ["--loglevel", "INFO"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", f"{RUN}@%h"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=child_environment(), stdout=output, stderr=output, start_new_session=True
        )
    _wait_until_ready(process, log)
    yield Worker(process, log)
    process.terminate()  # the master only: a warm shutdown of the whole group can hang
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):  # a minute at most
        if " ready." in log.read_text():
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    process.kill()
    pytest.fail(f"The Celery worker did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture
def worker(transactional_db: None, worker_process: Worker) -> Iterator[Worker]:
    """A real Celery worker; nothing that an earlier test queued is left for it, and it rests when the test is over.

    It takes whatever waits in the database: what later tests queue is not for it, and must not be written while the
    tables are emptied.
    """
    from portal.celery import app

    if worker_process.process.poll() is not None:
        pytest.fail(f"The Celery worker ended:\n{worker_process.log.read_text()[-4000:]}")
    app.control.purge()
    app.control.add_consumer(RUN, reply=True)
    yield worker_process
    app.control.cancel_consumer(RUN, reply=True)
    app.control.purge()
    for _ in range(300):
        if not any((app.control.inspect(timeout=0.5).active() or {}).values()):
            break


# --- People and sites ------------------------------------------------------------------------------------------

MakeUser = Callable[..., User]
MakeSite = Callable[..., Site]


@pytest.fixture(autouse=True)
def no_matrix_of_an_earlier_test() -> None:
    """Which edition is in force is remembered for seconds, and a test's own is rolled back."""
    from rollout.services import matrix

    matrix.forget()


@pytest.fixture
def first_edition(db: None) -> MatrixEdition:
    """The edition that the migrations enter; a test that empties all tables takes it away for the rest of a run."""
    if not MatrixEdition.objects.exists():
        import_module("rollout.migrations.0007_first_matrix_edition").enter(apps, None)
    return MatrixEdition.objects.get()


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """``make_user(role="member", email=None, password=None, **fields) -> User``, saved."""
    numbers = itertools.count(1)

    def make(role: str = Role.MEMBER, email: str | None = None, password: str | None = None, **fields: Any) -> User:
        address = email or f"{role}-{next(numbers)}@example.com"
        if role == Role.ADMINISTRATOR:
            return User.objects.create_superuser(address, password, **fields)
        return User.objects.create_user(address, password, role=role, **fields)

    return make


@pytest.fixture
def administrator(make_user: MakeUser) -> User:
    return make_user(Role.ADMINISTRATOR, "administrator@example.com")


@pytest.fixture
def auditor(make_user: MakeUser) -> User:
    """Reads all sites, changes none."""
    return make_user(Role.AUDITOR, "auditor@example.com")


@pytest.fixture
def member(make_user: MakeUser) -> User:
    """Sees their own passes and devices only."""
    return make_user(Role.MEMBER, "member@example.com")


@pytest.fixture
def alice(make_user: MakeUser) -> User:
    """A site owner; owns ``site``."""
    return make_user(Role.SITE_OWNER, "alice@example.com", first_name="Alice")


@pytest.fixture
def bob(make_user: MakeUser) -> User:
    """A site owner; owns ``site`` together with alice."""
    return make_user(Role.SITE_OWNER, "bob@example.com", first_name="Bob")


@pytest.fixture
def charlie(make_user: MakeUser) -> User:
    """A site owner who owns nothing and must be refused."""
    return make_user(Role.SITE_OWNER, "charlie@example.com", first_name="Charlie")


@pytest.fixture
def owner(alice: User) -> User:
    return alice


@pytest.fixture
def make_site(db: None) -> MakeSite:
    """``make_site(owners=(), **fields) -> Site``, a saved row; nothing is queued or audited."""
    numbers = itertools.count(1)

    def make(owners: tuple[User, ...] | list[User] = (), **fields: Any) -> Site:
        number, now = next(numbers), timezone.now()
        row = Site.objects.create(
            **{
                "title": f"Site {number}",
                "base_url": f"https://confluence-{number}.example.com",
                "created_at": now,
                "updated_at": now,
                **fields,
            }
        )
        row.owners.set(owners)
        return row

    return make


@pytest.fixture
def site(make_site: MakeSite, alice: User, bob: User) -> Site:
    """A site provided by Confluence that alice and bob own."""
    return make_site(owners=[alice, bob], title="Engineering wiki", base_url="https://wiki.example.com")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """``client_of(user) -> Client``, signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
