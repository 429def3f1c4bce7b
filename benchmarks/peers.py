"""The authorization servers of the provider benchmark, each with two web processes on this machine.

Gatepass and stock django-oauth-toolkit run under the same web server with the same options on PostgreSQL; oidc-provider
is a cluster of two Node.js processes on Redis.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from portal.serving.web_command import web_command
from tests.support.node_packages import NODE, node_packages
from tests.support.servers import Servers, free_port

from .exchange import Phone, Tokens
from .load import Flow, Result, drive
from .processes import cpu_seconds

PROCESSES, THREADS, CONNECTIONS = 2, 4, 8
OIDC_PROVIDER = ("oidc-provider@9.13.3", "ioredis@5.8.2")
KEY = "a public key for benchmarks only, long enough for Django"


@dataclass
class Peer:
    """One running server: its facts for the load generator, and its process group."""

    name: str
    facts: dict[str, Any]
    process: subprocess.Popen[bytes]
    tokens: list[Tokens] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.phones = [Phone(self.facts, self.tokens) for _ in range(CONNECTIONS)]

    def run(
        self, make: Callable[[Phone, int], Flow | None], *, seconds: float = 1e9, units: float = float("inf")
    ) -> tuple[Result, float]:
        """Run flows on all connections; return the result and the web processes' CPU milliseconds per unit."""
        starts = [lambda phone=phone, number=number: make(phone, number) for number, phone in enumerate(self.phones)]
        before = cpu_seconds([self.process.pid])
        result = drive(self.facts["port"], starts, seconds=seconds, units=units)
        spent = cpu_seconds([self.process.pid]) - before
        if result.failed:
            raise SystemExit(f"{self.name}: {result.failed} units failed. First error: {result.first_failure}")
        return result, 1000 * spent / max(1, len(result.seconds))


@contextlib.contextmanager
def database(servers: Servers, name: str) -> Iterator[str]:
    """Create a PostgreSQL database; yield its URL and drop it at the end."""
    identifier = sql.Identifier(name)
    with psycopg.connect(servers.database_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
        server.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        try:
            yield f"{servers.database_url.rpartition('/')[0]}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))


@contextlib.contextmanager
def gatepass(servers: Servers, directory: Path, others: int) -> Iterator[Peer]:
    """Start Gatepass with this many sign-ins of other phones. Rate limits count, but are high enough for the load."""
    port = free_port()
    with database(servers, f"gatepass_bench_{os.getpid()}_{others}") as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": servers.redis_url,
            "CELERY_BROKER_URL": servers.broker_url,
            "STATE_DIR": str(directory),
            "SECRET_KEY": KEY,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "LOG_LEVEL": "ERROR",
        }
        for limit in ("TOKEN_ADDRESS", "TOKEN_PRINCIPAL", "INTROSPECTION_ADDRESS", "INTROSPECTION_PRINCIPAL"):
            environment[f"RATE_LIMIT_{limit}"] = "9000000/60"
        for limit in ("AUTHORIZE_ADDRESS", "AUTHORIZE_PRINCIPAL"):
            environment[f"RATE_LIMIT_{limit}"] = "900000/60"
        subprocess.run([sys.executable, "manage.py", "collectstatic", "-v0", "--no-input"], env=environment, check=True)
        facts = _seed("benchmarks.gatepass_seed", environment, str(others))
        with _web("portal.wsgi:application", port, environment) as process:
            yield Peer("Gatepass", {**facts, "port": port, "database": url}, process)


@contextlib.contextmanager
def stock(servers: Servers) -> Iterator[Peer]:
    port = free_port()
    with database(servers, f"gatepass_bench_{os.getpid()}_stock") as url:
        environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": KEY}
        environment["DJANGO_SETTINGS_MODULE"] = "benchmarks.stock.settings"
        facts = _seed("benchmarks.stock.seed", environment)
        with _web("benchmarks.stock.wsgi:application", port, environment) as process:
            yield Peer("django-oauth-toolkit", {**facts, "port": port}, process)


@contextlib.contextmanager
def oidc_provider(servers: Servers) -> Iterator[Peer]:
    port, modules = free_port(), node_packages(*OIDC_PROVIDER)
    script = str(Path(__file__).with_name("oidc_provider.mjs"))
    redis_url = servers.broker_redis_url  # unused otherwise, because no worker runs
    command = [NODE, script, str(port), str(PROCESSES), redis_url, str(modules)]
    facts = {
        "port": port,
        "authorize": "/auth",
        "token": "/token",
        "revoke": "/token/revocation",
        "introspect": "/token/introspection",
        "client_id": "app",
        "redirect_uri": "com.example.app://oauth-callback",
        "scope": "WRITE",
        "extra": {"prompt": "consent"},
        "server": ["server", "a-generated-secret-of-a-resource-server"],
    }
    environment = {**os.environ, "NODE_ENV": "production", "NODE_NO_WARNINGS": "1"}
    with _running(command, environment, port) as process:
        yield Peer("oidc-provider", facts, process)


@contextlib.contextmanager
def empty() -> Iterator[Peer]:
    port = free_port()
    with _web("benchmarks.empty:application", port, dict(os.environ)) as process:
        yield Peer(
            "empty WSGI", {"port": port, "authorize": "", "client_id": "", "redirect_uri": "", "scope": ""}, process
        )


@contextlib.contextmanager
def _web(application: str, port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = web_command(host="127.0.0.1", port=port, processes=PROCESSES, threads=THREADS)
    command[1] = application
    with _running([sys.executable, "-m", *command], environment, port) as process:
        yield process


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server in its own session and wait until it responds."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                drive(port, [lambda: None])
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} did not start. Its output is above.")
            time.sleep(0.2)
        time.sleep(1)  # the second process starts slightly later
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _seed(module: str, environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], env=environment, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])
