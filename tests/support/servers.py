"""Servers for the tests: those in the environment, else local ones, else private ones from wheels.

Their addresses are set when pytest starts, because the settings read them. A private server starts only when the first
test needs the database, so that the pure packages are tested without a server.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import redis

from .private_servers import PrivatePostgres, PrivateRedis

SKIP_LOCAL = "TEST_PRIVATE_SERVERS"  # set to 1 to ignore local servers


@dataclass
class Servers:
    """Addresses of PostgreSQL (or SQLite) and Redis for this run, and the servers to start first."""

    directory: Path
    database_url: str
    redis_url: str
    broker_redis_url: str  # in the format of redis-py
    broker_url: str  # in the format of Celery
    to_start: list[Callable[[], contextlib.AbstractContextManager[Any]]] = field(default_factory=list)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start the private servers, if any, and stop them afterwards."""
        with contextlib.ExitStack() as stack:
            for start in self.to_start:
                stack.enter_context(start())
            yield

    @property
    def hosts(self) -> list[str]:
        """Hosts in the environment; tests may otherwise connect to loopback only."""
        named = [urlsplit(url).hostname for url in (self.database_url, self.redis_url)]
        return [host for host in named if host]


def choose(directory: Path) -> Servers:
    """Return the servers of this run. ``directory`` must be short: the path of a unix socket has at most 107 bytes."""
    servers = Servers(directory, "", "", "", "")
    servers.database_url = os.environ.get("TEST_DATABASE_URL") or _local_postgres() or _private_postgres(servers)
    base = os.environ.get("TEST_REDIS_URL") or _local_redis() or _private_redis(servers)
    # Concurrent runs share one Redis: each uses its own two databases, never number 0.
    cache = 1 + 2 * (os.getpid() % 7)
    servers.redis_url = _redis_database(base, cache)
    servers.broker_redis_url = _redis_database(base, cache + 1)
    servers.broker_url = _celery_url(servers.broker_redis_url)
    return servers


def libpq(url: str) -> str:
    """Return a database URL in the format of libpq. Django's has the directory of a unix socket before the name."""
    parts = urlsplit(url)
    directory, _, name = parts.path.rpartition("/")
    if parts.hostname or not directory:
        return url
    return f"postgresql://{parts.username or ''}@/{name}?host={quote(directory, safe='')}"


def free_port() -> int:
    """Return an unused loopback port below the range of ephemeral ports.

    The port is opened later, and until then an outgoing connection of a test could take an ephemeral port.
    """
    while True:
        port = secrets.choice(range(12_000, 20_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _local_postgres() -> str:
    """Return the URL of a local PostgreSQL with a role that may create databases, or ''."""
    if os.environ.get(SKIP_LOCAL) == "1":
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
    """Return the URL of a local Redis, or ''."""
    if os.environ.get(SKIP_LOCAL) == "1":
        return ""
    url = "redis://127.0.0.1:6379"
    with contextlib.suppress(redis.RedisError), redis.Redis.from_url(url, socket_connect_timeout=2) as client:
        client.ping()
        return url
    return ""


def _private_postgres(servers: Servers) -> str:
    servers.to_start.append(lambda: contextlib.closing(PrivatePostgres(servers.directory)))
    return PrivatePostgres.url_in(servers.directory)


def _private_redis(servers: Servers) -> str:
    servers.to_start.append(lambda: contextlib.closing(PrivateRedis(servers.directory)))
    return PrivateRedis.url_in(servers.directory)


def _redis_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()


def _celery_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={parts.query.removeprefix('db=')}"
    return url


def temporary_directory() -> Path:
    """Create a directory with a short path for sockets and state; the caller removes it."""
    return Path(tempfile.mkdtemp(prefix="gatepass-", dir="/tmp"))
