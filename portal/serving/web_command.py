"""The one way to start the web server."""

from __future__ import annotations


def web_command(*, host: str, port: int, processes: int = 1, threads: int = 8) -> list[str]:
    """The arguments after ``python -m``. Two threads in all are the least: a rehearsal calls the web that began it."""
    return [
        "granian", "portal.wsgi:application", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(processes), "--blocking-threads", str(threads), "--http", "1", "--no-ws",
        "--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning",
    ]  # fmt: skip
